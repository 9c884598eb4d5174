"""FP16 on a processor that has none."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_SPLIT: Final = np.float32(2**13 + 1)
_SPLITTER: Final = "fp16_splitter"


def emulate(half: ModelProto) -> ModelProto:
    """An FP32 model whose numbers are rounded wherever those of `half` are FP16.

    ONNX Runtime computes FP16 convolutions in FP32 where the processor has no FP16, and drops the roundings between
    them: measured so, a model agrees better with FP32 than it will on a GPU. Here each FP16 tensor is rounded to 11
    bits by Veltkamp's splitting (Dekker, Numerische Mathematik 18, 1971): y = x (2^13 + 1), y - (y - x). Sums inside a
    layer stay FP32, as GPUs' matrix units have it; FP16's narrower range is not emulated.
    """
    model = ModelProto()
    model.CopyFrom(half)
    graph = model.graph
    rounded = _halves(half)
    nodes = [made for node in graph.node for made in _emulated(node, rounded)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    graph.initializer.append(numpy_helper.from_array(np.asarray(_SPLIT), _SPLITTER))
    return model


def _halves(half: ModelProto) -> set[str]:
    """Names of the tensors between nodes that are FP16."""
    values = onnx.shape_inference.infer_shapes(half, strict_mode=True).graph.value_info
    return {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT16}


def _emulated(node: NodeProto, rounded: set[str]) -> Iterator[NodeProto]:
    exact = NodeProto()
    exact.CopyFrom(node)
    if node.op_type == "Cast" and (node.output[0] in rounded or node.input[0] in rounded):
        exact = helper.make_node("Identity", node.input, node.output, node.name)
    (output,) = node.output
    if output not in rounded:
        yield exact
        return
    exact.output[0] = f"{output}_exact"
    yield exact
    yield helper.make_node("Mul", [exact.output[0], _SPLITTER], [f"{output}_scaled"])
    yield helper.make_node("Sub", [f"{output}_scaled", exact.output[0]], [f"{output}_rest"])
    yield helper.make_node("Sub", [f"{output}_scaled", f"{output}_rest"], [output])
