"""FP32 again."""

from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper

from inference.compile.graph import properties, read_model
from inference.compile.halve import HALF, only_rounds


def read_fp32(path: Path) -> ModelProto:
    """A model of ours to compile others from: FP32, or FP16 restored.

    Raises `ValueError` for an INT8 model, whose layers cannot be told from their rounding, and as `read_model` does.
    """
    model = read_model(path)
    match properties(model).get("precision", "fp32"):
        case "fp32":
            return model
        case "fp16":
            return restore(model)
        case other:
            raise ValueError(f"{path} is {other} already: start from the FP32 or FP16 model")


def restore(half: ModelProto) -> ModelProto:
    """What `inference.compile.halve` made FP16, in FP32 again, of weights that keep the 11 bits they were left.

    So a repository that serves FP16 needs no second file to compile others from.
    """
    model = ModelProto()
    model.CopyFrom(half)
    renamed = _widen_weights(model)
    nodes = []
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
        if only_rounds(node):
            renamed[node.output[0]] = node.input[0]
        else:
            nodes.append(node)
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    for entry in [entry for entry in model.metadata_props if entry.key in ("precision", "calibration")]:
        model.metadata_props.remove(entry)
    return model


def _widen_weights(model: ModelProto) -> dict[str, str]:
    """Make FP16 weights FP32, in place; the names that they had before, by those that they lose."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    halves = [name for name, tensor in weights.items() if tensor.data_type == TensorProto.FLOAT16]
    renamed = {name: name.removesuffix(HALF) for name in halves}
    for name, whole in renamed.items():
        if whole not in weights:  # else it was kept in FP32 as well, for another node
            weights[whole] = numpy_helper.from_array(numpy_helper.to_array(weights[name]).astype(np.float32), whole)
        del weights[name]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights.values())
    return renamed
