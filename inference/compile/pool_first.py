"""A map's weighted mean, of its blocks."""

from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from inference.compile.graph import finish

POOLING: Final = "AveragePool"
_BLOCK: Final = 8
"""Pixels a side. A block of EfficientNet's first map is a fourteenth of the photo; the weights are a bell that falls
from the middle with a deviation of 0.16 of it (`inference.train.fused.centre`), nearly even over a block."""
_PLANE: Final = (2, 3)
"""A map's axes down and across."""


def pool_first(source: ModelProto) -> ModelProto:
    """The same graph, but that each map which is multiplied by weights a place before its mean is pooled before that.

    A mean of blocks' means is the same mean; a weighted one takes a block's mean weight. What it saves: INT8 maps lie
    channel by channel at each place, and weighing them in FP32 turns them over. That was a fifth of OpenVINO's time for
    the whole network (docs/benchmarks.md). Maps whose sides are no multiple of the block stay as they are.
    """
    model = ModelProto()
    model.CopyFrom(source)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if _weighs(model, node, tensors)]
    for weighed in dict.fromkeys(product.input[0] for product in products):
        _pool(model, weighed, products, tensors)
    for product in products:
        weights = tensors[product.input[1]]
        weights.CopyFrom(numpy_helper.from_array(_by_block(weights), weights.name))
    del model.graph.value_info[:]
    return finish(model, source)


def _weighs(model: ModelProto, node: NodeProto, tensors: dict[str, TensorProto]) -> bool:
    """Whether it multiplies a map by weights [h, w], its alone, and only means over the plane read the product."""
    weights = tensors.get(node.input[1]) if node.op_type == "Mul" else None
    if weights is None or len(weights.dims) != len(_PLANE) or any(side % _BLOCK for side in weights.dims):
        return False
    means = all(_takes_mean(reader, tensors) for reader in _readers(model, node.output[0]))
    return means and len(_readers(model, weights.name)) == 1


def _takes_mean(node: NodeProto, tensors: dict[str, TensorProto]) -> bool:
    axes = tensors.get(node.input[1]) if node.op_type == "ReduceMean" and len(node.input) > 1 else None
    return axes is not None and tuple(numpy_helper.to_array(axes)) == _PLANE


def _readers(model: ModelProto, tensor: str) -> list[NodeProto]:
    return [node for node in model.graph.node if tensor in node.input]


def _pool(model: ModelProto, source: str, products: list[NodeProto], tensors: dict[str, TensorProto]) -> None:
    """Put the pooling of `source` in front of the `products` made of it, and of its own mean."""
    pooled = f"{source}_pooled"
    readers = [node for node in _readers(model, source) if node in products or _takes_mean(node, tensors)]
    at = min(list(model.graph.node).index(node) for node in readers)
    for node in readers:
        node.input[0] = pooled
    block = [_BLOCK, _BLOCK]
    pooling = helper.make_node(POOLING, [source], [pooled], f"{pooled}_pool", kernel_shape=block, strides=block)
    model.graph.node.insert(at, pooling)


def _by_block(weights: TensorProto) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    whole = numpy_helper.to_array(weights)
    high, wide = (side // _BLOCK for side in whole.shape)
    return np.asarray(whole.reshape(high, _BLOCK, wide, _BLOCK).mean(axis=(1, 3)), np.float32)
