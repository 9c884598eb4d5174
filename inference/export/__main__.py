"""`python -m inference.export --run DIR --model PATH`: a finished training run as ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path

from inference.export.served import Served
from inference.export.write import write_onnx
from inference.train.run import Run


def main() -> None:
    """Read the run's configuration, weights and calibration; write the model."""
    parser = argparse.ArgumentParser(prog="python -m inference.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="what inference.train wrote")
    parser.add_argument("--model", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--name", default="embedder", help="of the model, for its version and its folder")
    options = parser.parse_args()
    run = Run(options.run)
    served = Served(run.fused(), run.calibration.scale, run.config.input_size)
    write_onnx(served, run.calibration, run.config, options.model, name=options.name)


if __name__ == "__main__":
    main()
