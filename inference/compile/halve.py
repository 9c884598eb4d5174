"""FP16."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from inference.compile.graph import finish, head, stem

HALF = "_fp16"
"""Ends the names of what is FP16 beside something that is, or was, FP32."""
_WHOLE = "_fp32"
_CAST = "_cast"
_AS_THEY_ARE = frozenset({"Cast", "Constant"})  # they state a type of their own


def halve(source: ModelProto) -> ModelProto:
    """The same graph with all between stem and head in FP16; what goes in and comes out is as before.

    FP32 stays what could lose by it and has nothing to win:
    - the stem, 3 % of the multiplications: it takes raw pixels, so that its sums reach 255 times its weights before
      the folded-in mean is taken off again (EfficientNet-Lite0 on 128 photos: 1 - mean cosine 6.8e-6, with the stem in
      FP16 7.8e-6, even though sums were FP32, which FP16 does not promise);
    - the head, one vector a photo: pooling sums many numbers, a length squares them, softmax raises e to its input's
      error, and what comes out has to be of unit length to more than three decimal places.

    (`onnxruntime.transformers.float16` would round whatever passes between two nodes that are to stay FP32, the
    embedding itself included.)
    """
    inferred = onnx.shape_inference.infer_shapes(source)
    kept = {*stem(source), *head(source)}
    half = _Half(_floats(inferred), {tensor.name: tensor for tensor in source.graph.initializer})
    nodes: list[NodeProto] = []
    for node in source.graph.node:
        nodes += half.take(node, node.name not in kept and node.op_type not in _AS_THEY_ARE)
    result = ModelProto()
    result.CopyFrom(source)
    del result.graph.node[:], result.graph.initializer[:], result.graph.value_info[:]
    result.graph.node.extend(nodes)
    result.graph.initializer.extend(half.weights.values())
    return finish(result, source, precision="fp16", calibration="none")


def only_rounds(node: NodeProto) -> bool:
    """Whether it is one of the casts that `halve` lays at FP16's borders."""
    return node.op_type == "Cast" and node.name == node.output[0] + _CAST


def _floats(inferred: ModelProto) -> set[str]:
    """Names of the tensors that are FP32."""
    graph = inferred.graph
    values = [value for part in (graph.input, graph.output, graph.value_info) for value in part]
    named = {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT}
    return named | {tensor.name for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT}


@dataclass(slots=True)
class _Half:
    """A graph on its way to FP16, node by node, in order."""

    floats: set[str]
    initializers: dict[str, TensorProto]
    weights: dict[str, TensorProto] = field(default_factory=dict)
    made_half: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def take(self, node: NodeProto, to_half: bool) -> Iterator[NodeProto]:
        """The node, in FP16 or not, behind the casts it needs."""
        taken = NodeProto()
        taken.CopyFrom(node)
        for place, name in enumerate(node.input):
            if name in self.initializers:
                taken.input[place] = self._weight(name, to_half)
            elif name in self.floats and (name in self.made_half) != to_half:
                taken.input[place] = self._cast_name(name, to_half)
                if taken.input[place] not in self.made:
                    yield self._cast(name, to_half)
        if to_half:
            self.made_half.update(output for output in node.output if output in self.floats)
        yield taken

    def _weight(self, name: str, to_half: bool) -> str:
        tensor, as_name = self.initializers[name], name
        if to_half and name in self.floats:
            as_name = self._cast_name(name, to_half)
            tensor = numpy_helper.from_array(_rounded(tensor), as_name)
        self.weights[as_name] = tensor
        return as_name

    def _cast(self, name: str, to_half: bool) -> NodeProto:
        output = self._cast_name(name, to_half)
        self.made.add(output)
        to = TensorProto.FLOAT16 if to_half else TensorProto.FLOAT
        return helper.make_node("Cast", [name], [output], name=output + _CAST, to=to)

    @staticmethod
    def _cast_name(name: str, to_half: bool) -> str:
        return name + (HALF if to_half else _WHOLE)


def _rounded(weight: TensorProto) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    numbers = numpy_helper.to_array(weight)
    limit = np.finfo(np.float16).max
    if np.abs(numbers).max(initial=0) > limit:
        raise ValueError(f"{weight.name} has weights beyond FP16's {limit:.0f}")
    return numbers.astype(np.float16)
