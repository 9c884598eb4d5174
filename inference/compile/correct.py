"""Take back what rounded weights add to a convolution's output on average."""

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from inference.compile.agree import Floats
from inference.compile.graph import CONVOLUTION, producers


def correct_biases(model: ModelProto, quantised: ModelProto, means: Mapping[str, Floats]) -> ModelProto:
    """The FP32 model with biases that meet the weights of `quantised`; `means` are of its convolutions' inputs.

    A weight's rounding error times its input's mean is the same on every photo, and depthwise filters have few
    weights for errors to cancel among: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
    Correction", ICCV 2019, section 4.2. Convolutions without a bias, or in FP32, stay as they are.
    """
    corrected = ModelProto()
    corrected.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in corrected.graph.initializer}
    rounded = _rounded_weights(quantised)
    for node in corrected.graph.node:
        if node.op_type == CONVOLUTION and len(node.input) > 2 and node.name in rounded:  # noqa: PLR2004 (input, weight)
            bias = weights[node.input[2]]
            error = rounded[node.name] - numpy_helper.to_array(weights[node.input[1]])
            right = numpy_helper.to_array(bias) - _shift(node, error, means[node.input[0]])
            bias.CopyFrom(numpy_helper.from_array(right.astype(np.float32), bias.name))
    return corrected


def _shift(convolution: NodeProto, error: Floats, mean: Floats) -> Floats:
    """Each output channel's average change; `error` is [out, in / groups, height, width], `mean` [in]."""
    groups = next((field.i for field in convolution.attribute if field.name == "group"), 1)
    met = np.repeat(mean.reshape(groups, -1), len(error) // groups, axis=0)
    return np.asarray((error.sum(axis=(2, 3)) * met).sum(axis=1))


def _rounded_weights(quantised: ModelProto) -> dict[str, Floats]:
    """By convolution: the numbers that its integers stand for."""
    made_by = producers(quantised)
    tensors = {tensor.name: tensor for tensor in quantised.graph.initializer}
    found = {}
    for node in quantised.graph.node:
        if node.op_type == CONVOLUTION and node.input[1] in made_by:
            found[node.name] = _dequantised([tensors[name] for name in made_by[node.input[1]].input])
    return found


def _dequantised(parts: list[TensorProto]) -> Floats:
    """DequantizeLinear on [integers, scale, zero point], one scale an output channel."""
    integers, scale, zero = (numpy_helper.to_array(part).astype(np.float32) for part in parts)
    channels = (-1, 1, 1, 1)
    return np.asarray((integers - zero.reshape(channels)) * scale.reshape(channels), np.float32)
