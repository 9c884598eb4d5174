"""How numbers become integers."""

from dataclasses import dataclass
from enum import StrEnum

from inference.compile.toolbox import CalibrationMethod, QuantType


class Integers(StrEnum):
    """Types of activations and of weights, in that order.

    u8s8 is ONNX Runtime's choice for x86 and the quickest there. s8s8 is symmetric, as TensorRT asks for (on x86 ONNX
    Runtime makes u8s8 of it). u8u8 never saturates, and is slow.
    """

    U8S8 = "u8s8"
    S8S8 = "s8s8"
    U8U8 = "u8u8"

    @property
    def activations(self) -> QuantType:
        """ONNX Runtime's word for the first."""
        return QuantType.QInt8 if self is Integers.S8S8 else QuantType.QUInt8

    @property
    def weights(self) -> QuantType:
        """ONNX Runtime's word for the second."""
        return QuantType.QUInt8 if self is Integers.U8U8 else QuantType.QInt8


class Method(StrEnum):
    """How the range of an activation follows from what was seen of it."""

    MINMAX = "minmax"
    PERCENTILE = "percentile"
    ENTROPY = "entropy"

    @property
    def calibration(self) -> CalibrationMethod:
        """ONNX Runtime's word for it."""
        return {
            Method.MINMAX: CalibrationMethod.MinMax,
            Method.PERCENTILE: CalibrationMethod.Percentile,
            Method.ENTROPY: CalibrationMethod.Entropy,
        }[self]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Types, bits of a weight (7 or 8), calibration method. Raises `ValueError` for other bits.

    AVX2 and AVX-512 without VNNI add pairs of u8 x s8 products in 16 bits, where two large ones saturate. Measured on
    such a processor, EfficientNet-Lite0 but for its first two layers: mean cosine to FP32 0.980 with 8-bit weights,
    0.998 with 7, where no pair is too large (2 x 255 x 64 < 2^15). So 7 is the default: one ModelVersion has to mean
    one thing on every machine.
    https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, "When and why do I need to try U8U8?"
    """

    integers: Integers = Integers.U8S8
    weight_bits: int = 7
    method: Method = Method.MINMAX

    def __post_init__(self) -> None:
        if self.weight_bits not in {7, 8}:
            raise ValueError(f"weights have 7 or 8 bits, not {self.weight_bits}")

    @property
    def saturates(self) -> bool:
        """Whether x86 processors without VNNI compute something else."""
        return self.integers is not Integers.U8U8 and self.weight_bits > 7  # noqa: PLR2004 (see the class)
