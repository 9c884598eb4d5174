"""The model's own graph in PyTorch: weights and arithmetic types are the file's, operators PyTorch's."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from onnx import ModelProto, NodeProto, helper, numpy_helper
from torch.fx import Graph, GraphModule, Node
from torch.nn import functional

from inference.bench.gpu.integers import convolve_pixels, dequantise, quantise
from inference.bench.gpu.way import Floats, Photos
from inference.compile.graph import producers

Attributes = Mapping[str, Any]
Array = npt.NDArray[Any]
_BATCH: Final = 4


def to_torch(model: ModelProto) -> GraphModule:
    """PHOTO uint8 [n, size, size, 3] -> EMBEDDING [n, dimensions], CATEGORY [n, categories]; photos lie channels last.

    A convolution of one pixel between symmetric 8-bit integers is one of integers, and the module's
    `integer_convolutions` counts them; all else of QDQ is computed as it stands. Raises `ValueError` for an operator,
    or a setting of one, that the exported graph has never held.
    """
    return _Translation(model).module()


def embed(model: ModelProto, photos: Photos) -> Floats:
    """Embeddings, float32 [n, dimensions], of uint8 [n, size, size, 3], on the processor."""
    network = to_torch(model)
    with torch.inference_mode():
        found = [network(batch)[0].numpy() for batch in torch.from_numpy(photos).split(_BATCH)]
    return np.concatenate(found)


class _Translation:
    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.graph, self.held = Graph(), torch.nn.Module()
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.values: dict[str, Node] = {}
        self.integer_convolutions = 0
        self._made_by = producers(model)
        self._names: dict[int, str] = {}

    def module(self) -> GraphModule:
        for tensor in self.model.graph.input:
            self.values[tensor.name] = self.graph.placeholder(tensor.name)
        for node in self.model.graph.node:
            self._take(node)
        self.graph.output(tuple(self.values[tensor.name] for tensor in self.model.graph.output))
        self.graph.eliminate_dead_code()
        module = GraphModule(self.held, self.graph)
        module.integer_convolutions = self.integer_convolutions
        return module.eval()

    def _take(self, node: NodeProto) -> None:
        if node.op_type not in _OPERATORS or node.domain:
            raise ValueError(f"{node.name}: there is no {node.domain}{node.op_type} among {', '.join(_OPERATORS)}")
        given = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        (output,) = node.output
        if node.op_type in _FOLDED and node.input[0] in self.constants:
            self.constants[output] = _FOLDED[node.op_type](*(self.constants[name] for name in node.input), given)
        else:
            self.values[output] = _OPERATORS[node.op_type](self, node, given)

    def call(self, function: Callable[..., Any], *inputs: Any, **settings: Any) -> Node:
        return self.graph.call_function(function, inputs, settings)

    def tensor(self, name: str) -> Node:
        """The value of that name, a constant too."""
        return self.values[name] if name in self.values else self.hold(self.constants[name])

    def hold(self, constant: Array) -> Node:
        """A constant among the module's own tensors, so that it moves with it."""
        kept = torch.from_numpy(np.array(constant))
        if kept.ndim == 4:  # noqa: PLR2004 (a convolution's)
            kept = kept.contiguous(memory_format=torch.channels_last)
        name = f"constant_{len(self._names)}"
        self._names[len(self._names)] = name
        self.held.register_buffer(name, kept)
        return self.graph.get_attr(name)

    def constant(self, node: NodeProto, place: int) -> Array | None:
        """An input that has to be known beforehand; None where it is left out."""
        if place >= len(node.input) or not node.input[place]:
            return None
        if node.input[place] not in self.constants:
            raise ValueError(f"{node.name}: input {place} is no constant")
        return self.constants[node.input[place]]

    def quantised(self, name: str) -> tuple[str, Array] | None:
        """The symmetric int8 tensor that this one was rounded to, and its scale; None where there is none."""
        node = self._made_by.get(name)
        while node is not None and node.op_type == "Cast":
            node = self._made_by.get(node.input[0])
        if node is None or node.op_type != "DequantizeLinear":
            return None
        zero = self.constant(node, 2)
        symmetric = zero is not None and zero.dtype == np.int8 and not zero.any()
        return (node.input[0], self.constants[node.input[1]]) if symmetric else None


def _convolution(to: _Translation, node: NodeProto, given: Attributes) -> Node:
    weight = to.constant(node, 1)
    pads = list(given.get("pads", [0, 0, 0, 0]))
    if weight is None or weight.ndim != 4 or given.get("auto_pad", b"NOTSET") != b"NOTSET":  # noqa: PLR2004 (planes)
        raise ValueError(f"{node.name}: this convolution's weights or padding are of a kind not known here")
    strides, group = list(given.get("strides", [1, 1])), given.get("group", 1)
    x, factors = to.tensor(node.input[0]), [to.quantised(name) for name in node.input[:2]]
    if None not in factors and weight.shape[2:] == (1, 1) and (pads, strides, group) == ([0] * 4, [1, 1], 1):
        return _of_integers(to, node, weight)
    if pads[:2] != pads[2:]:
        x = to.call(functional.pad, x, _sides(pads))
        pads = [0, 0]
    return to.call(
        functional.conv2d,
        x,
        to.hold(weight),
        None if len(node.input) < 3 else to.tensor(node.input[2]),  # noqa: PLR2004 (x, weight, bias)
        stride=strides,
        padding=pads[:2],
        dilation=list(given.get("dilations", [1, 1])),
        groups=group,
    )


def _of_integers(to: _Translation, node: NodeProto, weight: Array) -> Node:
    to.integer_convolutions += 1
    (x, of_x), (integers, of_weight) = (to.quantised(name) for name in node.input[:2])  # type: ignore[misc]
    bias = to.constant(node, 2)
    scale = (of_x.astype(np.float32) * of_weight.astype(np.float32)) * np.ones(len(weight), np.float32)
    sums = to.call(
        convolve_pixels,
        to.tensor(x),
        to.hold(to.constants[integers].reshape(weight.shape[:2])),
        to.hold(scale),
        to.hold(np.zeros(len(weight), np.float32) if bias is None else bias.astype(np.float32)),
    )
    return to.graph.call_method("to", (sums, _dtype(weight.dtype)))


def _pad(to: _Translation, node: NodeProto, given: Attributes) -> Node:
    pads, value = to.constant(node, 1), to.constant(node, 2)
    if given.get("mode", b"constant") != b"constant" or pads is None or len(node.input) > 3:  # noqa: PLR2004
        raise ValueError(f"{node.name}: only padding of all axes by a constant is known here")
    return to.call(functional.pad, to.tensor(node.input[0]), _sides(pads.tolist()), value=_number(value, 0.0))


def _sides(pads: list[int]) -> list[int]:
    """ONNX's begins, then ends, from the first axis -> PyTorch's begin and end from the last axis."""
    half = len(pads) // 2
    pairs = zip(pads[:half][::-1], pads[half:][::-1], strict=True)
    return [side for pair in pairs for side in pair]


def _clip(to: _Translation, node: NodeProto, _: Attributes) -> Node:
    least, most = (_number(to.constant(node, place), None) for place in (1, 2))
    return to.call(torch.clamp, to.tensor(node.input[0]), least, most)


def _linear(to: _Translation, node: NodeProto, given: Attributes) -> Node:
    if (given.get("alpha", 1.0), given.get("beta", 1.0), given.get("transA", 0)) != (1.0, 1.0, 0):
        raise ValueError(f"{node.name}: only a plain product and sum is known here")
    weight, bias = to.constant(node, 1), to.constant(node, 2)
    if weight is None:
        raise ValueError(f"{node.name}: its weights are missing")
    held = to.hold(weight if given.get("transB", 0) else np.ascontiguousarray(weight.T))
    return to.call(functional.linear, to.tensor(node.input[0]), held, None if bias is None else to.hold(bias))


def _over_axes(function: Callable[..., Any]) -> "Translate":
    def translate(to: _Translation, node: NodeProto, given: Attributes) -> Node:
        axes = to.constant(node, 1)
        if axes is None or not axes.size:
            raise ValueError(f"{node.name}: its axes are missing")
        return to.call(function, to.tensor(node.input[0]), dim=axes.tolist(), keepdim=bool(given.get("keepdims", 1)))

    return translate


def _of_two(function: Callable[..., Any]) -> "Translate":
    return lambda to, node, _: to.call(function, *map(to.tensor, node.input))


def _rounding(function: Callable[..., Any]) -> "Translate":
    def translate(to: _Translation, node: NodeProto, _: Attributes) -> Node:
        scale, zero = to.constant(node, 1), to.constant(node, 2)
        if scale is None or zero is None or scale.size != 1:
            raise ValueError(f"{node.name}: only one scale and zero point for all of a tensor is known here")
        dtype = zero.dtype if function is quantise else scale.dtype
        return to.call(function, to.tensor(node.input[0]), scale.item(), zero.item(), _dtype(dtype))

    return translate


def _unfolded(integers: Array, scale: Array, zero: Array, given: Attributes) -> Array:
    """Weights from the integers they are kept as."""
    shape = [1] * integers.ndim
    if scale.size > 1:
        shape[given.get("axis", 1)] = -1
    found: Array = (integers.astype(scale.dtype) - zero.astype(scale.dtype).reshape(shape)) * scale.reshape(shape)
    return found


def _number(constant: Array | None, otherwise: float | None) -> float | None:
    return otherwise if constant is None else float(constant)


def _dtype(dtype: "np.dtype[Any]") -> torch.dtype:
    return torch.from_numpy(np.empty(0, dtype)).dtype


def _cast_to(given: Attributes) -> "np.dtype[Any]":
    return helper.tensor_dtype_to_np_dtype(given["to"])


Translate = Callable[[_Translation, NodeProto, Attributes], Node]
_OPERATORS: Final[Mapping[str, Translate]] = {
    "Add": _of_two(torch.add),
    "Cast": lambda to, node, given: to.graph.call_method("to", (to.tensor(node.input[0]), _dtype(_cast_to(given)))),
    "Clip": _clip,
    "Concat": lambda to, node, given: to.call(torch.cat, [to.tensor(name) for name in node.input], dim=given["axis"]),
    "Conv": _convolution,
    "DequantizeLinear": _rounding(dequantise),
    "Div": _of_two(torch.div),
    "Gemm": _linear,
    "GlobalAveragePool": lambda to, node, _: to.call(torch.mean, to.tensor(node.input[0]), dim=[2, 3], keepdim=True),
    "MatMul": _of_two(torch.matmul),
    "Mul": _of_two(torch.mul),
    "Pad": _pad,
    "QuantizeLinear": _rounding(quantise),
    "ReduceL2": _over_axes(torch.linalg.vector_norm),
    "ReduceMean": _over_axes(torch.mean),
    "Relu": lambda to, node, _: to.call(functional.relu, to.tensor(node.input[0])),
    "Softmax": lambda to, node, given: to.call(torch.softmax, to.tensor(node.input[0]), dim=given.get("axis", -1)),
    "Transpose": lambda to, node, given: to.call(torch.permute, to.tensor(node.input[0]), list(given["perm"])),
}
_FOLDED: Final[Mapping[str, Callable[..., Array]]] = {
    "Cast": lambda constant, given: constant.astype(_cast_to(given)),
    "DequantizeLinear": _unfolded,
}
