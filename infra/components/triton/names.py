"""What the objects call each other, and the ports they meet at."""

from collections.abc import Mapping
from typing import Final

NAME: Final = "triton"
"""Of the namespace and of everything in it."""
LABELS: Final[Mapping[str, str]] = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "lookalike"}
GAUGE: Final = f"{NAME}-metrics"
"""The service that leads to every pod's metrics, one by one."""

TELEMETRY: Final = "telemetry"
"""Of the pod that carries metrics to CloudWatch."""
MEASURED_AS: Final = "Lookalike/Triton"
"""CloudWatch's namespace of what servers say of themselves; each metric has the dimension ``service=triton``."""
TELEMETRY_LABELS: Final[Mapping[str, str]] = {**LABELS, "app.kubernetes.io/name": TELEMETRY}

GRPC: Final = 8001
HTTP: Final = 8000
METRICS: Final = 8002

NODE_GRPC: Final = 30801
"""Where a node takes what is for its own pod."""
NODE_HEALTH: Final = 30810
"""Where a node says whether it has a pod that takes new connections."""
