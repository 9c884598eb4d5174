"""Reading, writing and taking apart a model's graph."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, NodeProto, TensorProto, helper

from inference.compile.storage import narrow, widen

CONVOLUTION: Final = "Conv"
ACTIVATIONS: Final = frozenset({"Clip", "Relu"})
"""What an integer convolution does on its way out, at no cost."""
_PROMISED: Final = {"PHOTO": TensorProto.UINT8, "EMBEDDING": TensorProto.FLOAT, "CATEGORY": TensorProto.FLOAT}
_FACTS: Final = (
    "name",
    "preparation",
    "input_size",
    "categories",
    "similarity_slope",
    "similarity_intercept",
    "licence",
    "origin",
)


def read_model(path: Path) -> ModelProto:
    """A model that keeps our contract: PHOTO uint8 -> EMBEDDING and CATEGORY float32, with its facts as metadata.

    Every node has a name of its own afterwards. Raises `ValueError` where it is no such model, `OSError` where it
    cannot be read.
    """
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ValueError(f"{path} is not an ONNX model: {error}") from error
    tensors = [*model.graph.input, *model.graph.output]
    types = {tensor.name: tensor.type.tensor_type.elem_type for tensor in tensors}
    if types != _PROMISED:
        raise ValueError(f"{path} is not an embedder: its tensors and element types are {types}, not {_PROMISED}")
    missing = [fact for fact in _FACTS if fact not in properties(model)]
    if missing:
        raise ValueError(f"{path} does not say in its metadata: {', '.join(missing)}")
    widen(model)
    _name_nodes(model)
    return model


def _name_nodes(model: ModelProto) -> None:
    taken: set[str] = set()
    for number, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{number}"
        taken.add(node.name)


def to_bytes(model: ModelProto) -> bytes:
    """The file's content; the same model gives the same bytes. Raises `onnx.checker.ValidationError`."""
    stored = narrow(model)
    onnx.checker.check_model(stored, full_check=True)
    return stored.SerializeToString(deterministic=True)


def digest(content: bytes) -> str:
    """SHA-256, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def properties(model: ModelProto) -> dict[str, str]:
    """What the model says of itself."""
    return {entry.key: entry.value for entry in model.metadata_props}


def finish(model: ModelProto, source: ModelProto, **said: str) -> ModelProto:
    """Give a compiled model its source's metadata and `said`; drop what tools have left behind."""
    used = {node.domain for node in model.graph.node} | {""}
    imports = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(imports)
    del model.metadata_props[:]
    helper.set_model_props(model, properties(source) | said)
    return model


def producers(model: ModelProto) -> dict[str, NodeProto]:
    """The node that makes each tensor."""
    return {output: node for node in model.graph.node for output in node.output}


def stem(model: ModelProto) -> list[str]:
    """Nodes that see pixels: all up to and with the first convolution."""
    behind: set[str] = set()
    names = []
    for node in model.graph.node:
        if behind.isdisjoint(node.input):
            names.append(node.name)
            if node.op_type != CONVOLUTION:
                continue
        behind.update(node.output)
    return names


def head(model: ModelProto) -> list[str]:
    """Nodes behind the last convolution and its activation: pooling, projection, unit length, probabilities."""
    made_by, leading = producers(model), set[str]()
    names = []
    for node in reversed(model.graph.node):
        if node.op_type == CONVOLUTION or not leading.isdisjoint(node.output):
            leading.update(node.input)
        elif not _ends_a_convolution(node, made_by):
            names.append(node.name)
    return names[::-1]


def _ends_a_convolution(node: NodeProto, made_by: Mapping[str, NodeProto]) -> bool:
    before = made_by.get(node.input[0])
    return node.op_type in ACTIVATIONS and before is not None and before.op_type == CONVOLUTION
