"""OpenVINO, imported so that it does not report to its maker.

Its mere import otherwise sends an event to Google Analytics and keeps an identifier in the user's home; it says nothing
where the package that does so cannot be imported (its `openvino/tools/ovc/telemetry_stub.py`).
"""

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # how Python is told that there is none

import openvino  # noqa: E402, TID251 (after that, and here alone)

__all__ = ["openvino"]
