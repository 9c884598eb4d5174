"""`python -m inference.serving`: write the committed configurations anew, or (`--check`) say whether they are.

`--assemble DIR` writes a whole CPU repository there, ready for a Triton server.
"""

import argparse
import difflib
import sys
from pathlib import Path

from inference.serving.assemble import assemble_cpu
from inference.serving.committed import CPU_MODEL, configurations
from inference.serving.repositories import cpu_spec, with_imports_aside
from lookalike.adapters.embedded.embedder import OnnxEmbedder


def main() -> None:
    """Write, compare, or assemble."""
    parser = argparse.ArgumentParser(prog="python -m inference.serving", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; fail where a file is not what it should be")
    what.add_argument("--assemble", type=Path, metavar="DIR", help="write a whole CPU repository")
    parser.add_argument("--cores", type=int, default=2, help="with --assemble: instances, one a core (default 2)")
    options = parser.parse_args()
    if options.assemble:
        facts = OnnxEmbedder(CPU_MODEL, threads=1).facts
        assemble_cpu(CPU_MODEL, options.assemble, *with_imports_aside(cpu_spec(facts, options.cores)))
    elif options.check:
        sys.exit("".join(_differences()) or 0)
    else:
        _write()


def _write() -> None:
    for path, text in configurations().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)


def _differences() -> list[str]:
    return [
        line
        for path, text in configurations().items()
        for line in difflib.unified_diff(
            (path.read_text(encoding="utf-8") if path.exists() else "").splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"{path} (committed)",
            f"{path} (from the spec)",
        )
    ]


if __name__ == "__main__":
    main()
