"""ONNX Runtime's tools for other precisions, imported after it was told not to report to its maker."""

from lookalike.adapters.embedded.silent_onnxruntime import ort  # isort: skip (it has to come first)

# This is the one place beside `silent_onnxruntime`: these tools are parts of the same package.
from onnxruntime.quantization import (  # noqa: TID251
    CalibrationDataReader,
    CalibrationMethod,
    QDQQuantizer,
    QuantType,
    create_calibrator,
    quant_pre_process,
)

__all__ = [
    "CalibrationDataReader",
    "CalibrationMethod",
    "QDQQuantizer",
    "QuantType",
    "create_calibrator",
    "ort",
    "quant_pre_process",
]
