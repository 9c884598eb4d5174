from typing import Any, Final

from infra.components.triton.names import LABELS

_EVERY: Final = "15s"


def pod_monitor() -> dict[str, Any]:
    """What a Prometheus operator is told (the `spec` of a PodMonitor): every server's metrics.

    https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
    """
    return {
        "selector": {"matchLabels": dict(LABELS)},
        "podMetricsEndpoints": [{"port": "metrics", "path": "/metrics", "interval": _EVERY}],
    }
