"""ONNX Runtime, told before it starts not to report to its maker.

Since 1.29 it otherwise sends out which models are loaded and how they run, and keeps an identifier of the machine in
the user's cache: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md (`ORT_DISABLE_TELEMETRY`).
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort  # noqa: TID251 (it reads that once, on being imported; this is the one place)

__all__ = ["ort"]
