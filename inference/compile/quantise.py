"""INT8."""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import ModelProto

from inference.compile.correct import correct_biases
from inference.compile.graph import ACTIVATIONS, CONVOLUTION, finish, head
from inference.compile.observe import observe
from inference.compile.pool_first import POOLING, pool_first
from inference.compile.scheme import Integers, Scheme
from inference.compile.toolbox import QDQQuantizer, quant_pre_process

_LAYERS: Final = (CONVOLUTION, "Add")
_OPERATIONS: Final = [*_LAYERS, *sorted(ACTIVATIONS), POOLING]


class Quantiser:
    """An FP32 model that can be had with any of its layers in INT8 (QDQ, weights by channel).

    The head (one vector a photo: no time to win) stays FP32. `pixels` are the calibration photos, uint8
    [n, size, size, 3]. Raises `ValueError` where there is no layer to quantise.
    """

    def __init__(self, source: ModelProto, pixels: npt.NDArray[np.uint8], scheme: Scheme) -> None:
        self.source = source
        self.scheme = scheme
        self._folded = _fold(pool_first(source))
        spared = {*head(self._folded)}
        nodes = self._folded.graph.node
        self.layers = {
            node.name: node.input[1] for node in nodes if node.op_type in _LAYERS and node.name not in spared
        }
        """What can be quantised, in order: a node's name, and the tensor by which a reader knows it."""
        self._activations = [node.name for node in nodes if node.op_type in ACTIVATIONS and node.name not in spared]
        self._pools = [node.name for node in nodes if node.op_type == POOLING]
        if not self.layers:
            raise ValueError("the model has no layer to quantise")
        self._observed = observe(self._folded, pixels, _OPERATIONS, scheme.method)

    def quantise(self, layers: Collection[str], calibration: str = "") -> ModelProto:
        """Those layers in INT8, the others in FP32; `calibration` goes into the metadata."""
        model = self._folded
        if layers:
            rounded = self._insert(model, layers)
            model = self._insert(correct_biases(model, rounded, self._observed.means), layers)
        return finish(model, self.source, precision="int8", calibration=calibration)

    def _insert(self, model: ModelProto, layers: Collection[str]) -> ModelProto:
        """The model with its integers; weights are rounded, ranges taken as observed."""
        copy = ModelProto()
        copy.CopyFrom(model)
        quantizer = QDQQuantizer(
            copy,
            per_channel=True,
            reduce_range=self.scheme.weight_bits < 8,  # noqa: PLR2004 (a byte)
            weight_qType=self.scheme.integers.weights,
            activation_qType=self.scheme.integers.activations,
            tensors_range=self._observed.ranges,
            # An activation goes with its convolution, a pooling with what it pools: alone they are not touched.
            nodes_to_quantize=[*layers, *self._activations, *self._pools],
            nodes_to_exclude=[],
            op_types_to_quantize=_OPERATIONS,
            extra_options=_options(self.scheme.integers),
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        result: ModelProto = quantizer.model.model
        return result


def _options(integers: Integers) -> dict[str, Any]:
    if integers is not Integers.S8S8:
        return {"WeightSymmetric": True}
    # TensorRT takes neither zero points nor integer biases nor shared pairs, and fuses a convolution with its
    # activation and the next layer's rounding by itself.
    return {
        "WeightSymmetric": True,
        "ActivationSymmetric": True,
        "OpTypesToExcludeOutputQuantization": [CONVOLUTION],
        "QuantizeBias": False,
        "DedicatedQDQPair": True,
    }


def _fold(source: ModelProto) -> ModelProto:
    """Constants computed, what can be folded into convolutions folded, shapes inferred."""
    with TemporaryDirectory() as place:
        before, after = Path(place) / "source.onnx", Path(place) / "folded.onnx"
        before.write_bytes(source.SerializeToString())
        quant_pre_process(str(before), str(after), skip_symbolic_shape=True)
        folded = ModelProto.FromString(after.read_bytes())
    return finish(folded, source)
