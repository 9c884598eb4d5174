"""Trace a module into one self-contained ONNX graph, and write it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from inference.compile.graph import to_bytes

_OPSET = 18


def trace(module: nn.Module, example: Tensor, source: str, answers: tuple[str, ...]) -> onnx.ModelProto:
    """The graph of `module` for batches of any size; `example` [2, ...] is its one input, called `source`."""
    program = torch.onnx.export(
        module.eval(),
        (example,),
        input_names=[source],
        output_names=list(answers),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("the exporter returned no program")
    model: onnx.ModelProto = program.model_proto
    return model


def save(model: onnx.ModelProto, properties: Mapping[str, str], path: Path) -> None:
    """Write the graph with `properties` (among them its `name`) as metadata; equal graphs give equal bytes."""
    _strip(model, properties["name"])
    onnx.helper.set_model_props(model, dict(properties))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(model))


def _strip(model: onnx.ModelProto, name: str) -> None:
    """Drop what the exporter notes about this machine: source lines and stack traces."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.name = name
