"""A small ONNX file with the real model's contract; needs `onnx`, so nothing else here imports it."""

import json
from pathlib import Path
from typing import Final

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from lookalike.domain.embedding import DIMENSIONS

_CELLS: Final = 4
_FEATURES: Final = _CELLS * _CELLS * 3
_IR_VERSION: Final = 10  # what ONNX Runtime 1.22 reads; `onnx` would write its newest
_OPSET: Final = 17


def write_model(
    path: Path, *, input_size: int = 32, categories: tuple[str, ...] = ("dress", "shirt"), dimensions: int = DIMENSIONS
) -> Path:
    """Write a model that sees mean colours on a 4 x 4 grid, for photos of `input_size` (a multiple of 4)."""
    model = _model(input_size, len(categories), dimensions)
    facts = {
        "name": "toy",
        "preparation": "1",
        "input_size": str(input_size),
        "categories": json.dumps(categories),
        "similarity_slope": "12.5",
        "similarity_intercept": "-9.0",
    }
    helper.set_model_props(model, facts)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def _model(size: int, categories: int, dimensions: int) -> ModelProto:
    random = np.random.default_rng(size)
    weights = {
        "scale": np.float32(1 / 255),
        "shift": np.float32(0.1),  # so that black has a direction, too
        "to_embedding": random.standard_normal((_FEATURES, dimensions)).astype(np.float32),
        "to_category": random.standard_normal((_FEATURES, categories)).astype(np.float32),
    }
    cell = [size // _CELLS] * 2
    nodes = [
        helper.make_node("Cast", ["PHOTO"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "scale"], ["shares"]),
        helper.make_node("Add", ["shares", "shift"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=cell, strides=cell),
        helper.make_node("Flatten", ["cells"], ["features"]),
        helper.make_node("MatMul", ["features", "to_embedding"], ["vectors"]),
        helper.make_node("LpNormalization", ["vectors"], ["EMBEDDING"], p=2, axis=-1),
        helper.make_node("MatMul", ["features", "to_category"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["CATEGORY"]),
    ]
    photo = helper.make_tensor_value_info("PHOTO", TensorProto.UINT8, ["n", size, size, 3])
    embedding = helper.make_tensor_value_info("EMBEDDING", TensorProto.FLOAT, ["n", dimensions])
    category = helper.make_tensor_value_info("CATEGORY", TensorProto.FLOAT, ["n", categories])
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "toy", [photo], [embedding, category], constants)
    return helper.make_model(graph, ir_version=_IR_VERSION, opset_imports=[helper.make_opsetid("", _OPSET)])
