"""`python -m inference.export --config CONFIG --run DIR --model PATH`: a finished training run as ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from inference.export.served import Served
from inference.export.write import write_onnx
from inference.train.calibrate import Calibration
from inference.train.config import read_config
from inference.train.network import Embedder


def main() -> None:
    """Read the run's configuration, weights and calibration; write the model."""
    parser = argparse.ArgumentParser(prog="python -m inference.export", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the run's configuration")
    parser.add_argument("--run", type=Path, required=True, help="what inference.train wrote")
    parser.add_argument("--model", type=Path, required=True, help="the ONNX file to write")
    options = parser.parse_args()
    config = read_config(options.config)
    calibration = Calibration.read(options.run / "calibration.json")
    network = Embedder(len(calibration.categories), config.dimensions, config.frozen_blocks, config.dropout)
    network.load_state_dict(torch.load(options.run / "checkpoint.pt", weights_only=True))
    served = Served(network, calibration.scale)
    write_onnx(served, calibration, config.input_size, options.model)


if __name__ == "__main__":
    main()
