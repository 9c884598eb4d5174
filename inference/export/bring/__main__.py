"""`python -m inference.export.bring`: a model that was trained elsewhere, as one that is served (see --help).

Exit status: 0 where it was written; 1 where what was written does not answer as the model does; 2 for bad input.
"""

from __future__ import annotations

import json
import logging
import sys

import torch

from inference.export.bring.make import make
from inference.export.bring.options import read_options
from lookalike.errors import LookalikeError


def main(arguments: list[str] | None = None) -> int:
    """Write `model.onnx`, `text.onnx` where there is a text tower, and `report.json`; gives the exit status."""
    options = read_options(arguments)
    torch.set_num_threads(options.threads)
    try:
        report = make(options, _tell)
    except (ValueError, OSError, LookalikeError) as error:
        return _fail(2, error)
    except RuntimeError as error:
        return _fail(1, error)
    text = json.dumps(report, indent=2)
    (options.out / "report.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


def _fail(status: int, error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return status


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.ERROR)  # open_clip warns that it made weights up, which the file's replace
    sys.exit(main())
