"""Packs the functions: ``python -m functions.package`` writes ``build/functions/<function>.zip``, for what runs them.

A package holds this project's code and the locked versions of what its function imports, as wheels for Lambda's
machine; nothing is compiled, so any machine with `uv` packs for any other.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
OURS: Final = ("functions", "lookalike")
PYTHON: Final = "3.12"
PLATFORM: Final = "aarch64-manylinux_2_28"
MOST_PACKED: Final = 50_000_000
MOST_UNPACKED: Final = 250_000_000
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
SERVICES: Final = frozenset({"dynamodb", "s3", "sqs"})
"""What of AWS is called; botocore describes four hundred services in 25 MB, of which the others stay behind."""
_COMMON: Final = ("aws-lambda-powertools[tracer]", "boto3", "numpy", "pillow", "pillow-heif")
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "uploads": (*_COMMON, "pydantic", "opensearch-py"),
    "search": (*_COMMON, "pydantic", "opensearch-py", "redis", "tritonclient[grpc]"),
    "prepare": _COMMON,
    "embed": (*_COMMON, "opensearch-py", "redis", "tritonclient[grpc]"),
    "index_access": ("aws-lambda-powertools[tracer]", "boto3", "numpy", "opensearch-py"),
}
"""What each function imports."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack, and print each package's size; 1 where one is larger than Lambda takes."""
    parser = argparse.ArgumentParser(prog="python -m functions.package", description=__doc__)
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="which; all where none is named")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "functions")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    too_large = False
    for name in asked.functions or REQUIRED:
        with tempfile.TemporaryDirectory() as folder:
            gather(name, Path(folder), ["--python-platform", PLATFORM, "--python-version", PYTHON])
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
            packed = write_zip(Path(folder), asked.out / f"{name}.zip")
        print(f"{name:<8} {packed / 1e6:6.1f} MB packed, {size / 1e6:6.1f} MB unpacked")  # noqa: T201 - a command
        too_large |= size > MOST_UNPACKED or packed > MOST_PACKED
    return int(too_large)


def gather(name: str, folder: Path, machine: Sequence[str] = ()) -> None:
    """Put everything that a function needs into `folder`; for this machine unless uv's options name another."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv if uv.exists() else "uv"), "pip", "install", "--quiet", "--target", str(folder), *machine]
    locked = ["--only-binary", ":all:", "--constraint", str(ROOT / "requirements" / "dev.txt")]
    subprocess.run([*command, *locked, *REQUIRED[name]], check=True)  # noqa: S603 - the arguments are ours
    for package in OURS:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for needless in _needless(folder):
        shutil.rmtree(needless, ignore_errors=True)


def _needless(folder: Path) -> list[Path]:
    services = [path for path in (folder / "botocore" / "data").iterdir() if path.is_dir()]
    others = [path for path in services if path.name not in SERVICES]
    return [folder / "bin", *others, *folder.glob("numpy/**/tests"), *folder.glob("**/include")]


def write_zip(folder: Path, target: Path) -> int:
    """Pack `folder`, so that equal contents give equal bytes; how many."""
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            archive.writestr(entry, path.read_bytes())
    unfinished.replace(target)
    return target.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
