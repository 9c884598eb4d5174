"""Models to put through the gate: a small one that tells colours apart, and ways of spoiling any model."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIDE = 32
COLOURS = ("blue", "green", "red")  # by name, as folders are
FACTS = {
    "name": "colours",
    "preparation": "1",
    "input_size": str(SIDE),
    "categories": json.dumps(COLOURS),
    "similarity_slope": "12.5",
    "similarity_intercept": "-9.0",
}
Spoil = Callable[[ModelProto], None]


def colour_model() -> ModelProto:
    """Sees the mean colour, less its mean: the vector is that in 256 dimensions, the category the strongest channel."""
    basis = np.linalg.qr(np.random.default_rng(3).standard_normal((256, 3)))[0].T.astype(np.float32)
    to_category = 10 * np.eye(3, dtype=np.float32)[:, ::-1]  # blue, green, red
    weights: dict[str, npt.ArrayLike] = {"scale": np.float32(1 / 255), "basis": basis, "to_category": to_category}
    weights |= {"places": np.array([1, 2], np.int64), "channels": np.array([1], np.int64), "tiny": np.float32(1e-3)}
    nodes = [
        helper.make_node("Cast", ["PHOTO"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "scale"], ["shares"]),
        helper.make_node("ReduceMean", ["shares", "places"], ["means"], keepdims=0),
        helper.make_node("ReduceMean", ["means", "channels"], ["grey"], keepdims=1),
        helper.make_node("Sub", ["means", "grey"], ["bare"]),
        helper.make_node("Add", ["bare", "tiny"], ["features"]),  # grey has a direction, too
        helper.make_node("MatMul", ["features", "basis"], ["vectors"]),
        helper.make_node("LpNormalization", ["vectors"], ["EMBEDDING"], p=2, axis=-1),
        helper.make_node("MatMul", ["features", "to_category"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["CATEGORY"]),
    ]
    photo = helper.make_tensor_value_info("PHOTO", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    answers = [_floats("EMBEDDING", 256), _floats("CATEGORY", 3)]
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "colours", [photo], answers, constants)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)])
    helper.set_model_props(model, FACTS)
    return model


def _floats(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])


def write(model: ModelProto, path: Path, *spoils: Spoil) -> Path:
    """A copy of `model`, spoilt in each of these ways."""
    copy = ModelProto()
    copy.CopyFrom(model)
    for spoil in spoils:
        spoil(copy)
    path.write_bytes(copy.SerializeToString(deterministic=True))
    return path


def says(**properties: str | None) -> Spoil:
    """Other metadata; None takes a key away."""

    def spoil(model: ModelProto) -> None:
        said = {entry.key: entry.value for entry in model.metadata_props} | properties
        del model.metadata_props[:]
        helper.set_model_props(model, {key: value for key, value in said.items() if value is not None})

    return spoil


def blue_green_red(model: ModelProto) -> None:
    """Takes its channels in OpenCV's order."""
    _into("PHOTO", model, "Gather", {"order": np.array([2, 1, 0], np.int64)}, axis=3)


def temperature(factor: float) -> Spoil:
    """Logits times `factor`: the same categories with another confidence."""

    def spoil(model: ModelProto) -> None:
        (softmax,) = (node for node in model.graph.node if node.op_type == "Softmax")
        _into(softmax.input[0], model, "Mul", {"factor": np.float32(factor)})

    return spoil


def badly_scaled(step: float) -> Spoil:
    """Says that it is INT8, and takes its pixels in 255 steps of this size, which only 1 would fit."""

    def spoil(model: ModelProto) -> None:
        says(precision="int8")(model)
        pixels = next(node.output[0] for node in model.graph.node if node.op_type == "Cast")
        scale = {"step": np.float32(step), "zero": np.uint8(0)}
        _into(pixels, model, "DequantizeLinear", scale)
        _into(pixels, model, "QuantizeLinear", scale)

    return spoil


def among_others(model: ModelProto) -> None:
    """Normalises over the batch, as BatchNorm does that was left in training."""
    mean, rest, scaled, share = "batch mean", "without it", "scaled mean", {"share": np.float32(0.5)}
    _constants(model, {**share, "batch": np.array([0], np.int64)})
    own = _rename_output(model, "EMBEDDING")
    model.graph.node.extend(
        [
            helper.make_node("ReduceMean", [own, "batch"], [mean], keepdims=1),
            helper.make_node("Mul", [mean, "share"], [scaled]),
            helper.make_node("Sub", [own, scaled], [rest]),
            helper.make_node("LpNormalization", [rest], ["EMBEDDING"], p=2, axis=-1),
        ]
    )


def not_numbers(model: ModelProto) -> None:
    """NaN wherever a component is negative: the root of it, times nothing."""
    _constants(model, {"nothing": np.float32(0)})
    own = _rename_output(model, "EMBEDDING")
    model.graph.node.extend(
        [
            helper.make_node("Sqrt", [own], ["root"]),
            helper.make_node("Mul", ["root", "nothing"], ["nothing or none"]),
            helper.make_node("Add", [own, "nothing or none"], ["EMBEDDING"]),
        ]
    )


def scaled(output: str, factor: float) -> Spoil:
    """An output times `factor`."""

    def spoil(model: ModelProto) -> None:
        _constants(model, {f"{output} factor": np.float32(factor)})
        own = _rename_output(model, output)
        model.graph.node.append(helper.make_node("Mul", [own, f"{output} factor"], [output]))

    return spoil


def one_at_a_time(model: ModelProto) -> None:
    """Its batch size fixed, as an exporter leaves it that was shown one photo."""
    _constants(model, {"one": np.array([1, 256], np.int64)})
    own = _rename_output(model, "EMBEDDING")
    model.graph.node.append(helper.make_node("Reshape", [own, "one"], ["EMBEDDING"]))


def half_as_wide(model: ModelProto) -> None:
    """128 dimensions."""
    bounds = {"from": [0], "to": [128], "on": [1]}
    _constants(model, {name: np.array(value, np.int64) for name, value in bounds.items()})
    own = _rename_output(model, "EMBEDDING")
    model.graph.node.append(helper.make_node("Slice", [own, *bounds], ["EMBEDDING"]))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 128


def _into(tensor: str, model: ModelProto, operation: str, constants: Mapping[str, npt.ArrayLike], **how: int) -> None:
    """Put an operation between a tensor and all who read it."""
    changed = f"{tensor} {operation}"
    named = {f"{changed} {name}": value for name, value in constants.items()}
    _constants(model, named)
    nodes: list[NodeProto] = list(model.graph.node)
    for node in nodes:
        node.input[:] = [changed if name == tensor else name for name in node.input]
    made = next((at + 1 for at, node in enumerate(nodes) if tensor in node.output), 0)
    nodes.insert(made, helper.make_node(operation, [tensor, *named], [changed], **how))
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _rename_output(model: ModelProto, output: str) -> str:
    """So that something can come behind it; who reads it inside goes on to read the old one."""
    own = f"own {output}"
    for node in model.graph.node:
        node.input[:] = [own if name == output else name for name in node.input]
        node.output[:] = [own if name == output else name for name in node.output]
    return own


def _constants(model: ModelProto, values: Mapping[str, npt.ArrayLike]) -> None:
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in values.items())
