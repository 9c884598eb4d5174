"""When there are more servers, and when fewer. Every number with its sum.

A flash sale of 15,000 uploads a minute is 250 photos a second. One GPU embeds some hundreds a second (`rate`, as
configured), so a floor of two takes the sale as it comes, and what is below is for what nobody expected, for imports,
and for servers that fail.

What is watched:

- **Photos that wait in Triton** (`nv_inference_pending_request_count`, summed over the pods). By Little's law what
  waits is rate x time: `QUEUE_S` of queue is ``rate * QUEUE_S`` photos a pod. 80 ms are what a search's 95 ms for the
  model leave (DESIGN.md 8); Triton's own `nv_inference_queue_duration_us` over its count is the same time, and takes a
  Prometheus to divide.
- **Messages that wait in SQS**, for bulk work that is not even sent while functions are at their most: no more than
  `DRAIN_S` of work a pod.

How fast: KEDA asks every `POLL_S` = 5 s whether to wake at all and whether metrics fail (30 s is its default), and
Kubernetes' autoscaler asks through it every 15 s. A surge is therefore answered within 20 s, at least by doubling
(`UP`); no wait is set before that, as the autoscaler's default for growing is none. A pod on a warm node is ready
within a minute or so, a node takes two to four; until then the queue keeps uploads, and Triton refuses what it cannot
serve in time. KEDA's cool-down is only for the last pod: `SLEEP_AFTER_S` = 120 s, as a shop's uploads come in bunches,
instead of 300. Shrinking waits 300 s and goes one pod a minute (`DOWN`), for a GPU that is given back has to be started
again.

A service that may sleep (`least` = 0) goes by the queue alone: pods that are not there cannot be asked, which KEDA
would take for a failure and wake them.

When metrics fail, three times running, the number stays as it is, and is at least half of what is allowed: too many
for an hour cost some dollars, too few a sale.

https://keda.sh/docs/2.20/reference/scaledobject-spec/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import pulumi

from infra.components.triton.names import GAUGE, METRICS, NAME

QUEUE_S: Final = 0.08
DRAIN_S: Final = 60
POLL_S: Final = 5
SLEEP_AFTER_S: Final = 120
_FAILURES: Final = 3
_UP: Final[Mapping[str, Any]] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Percent", "value": 100, "periodSeconds": 15},
        {"type": "Pods", "value": 4, "periodSeconds": 15},
    ],
}
_DOWN: Final[Mapping[str, Any]] = {
    "stabilizationWindowSeconds": 300,
    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """From `least` servers (0 sleeps when unused) to `most`, each of which embeds `rate` photos a second."""

    least: int
    most: int
    rate: float

    @property
    def moves(self) -> bool:
        """Whether there is anything to scale."""
        return self.most > self.least

    @property
    def waiting(self) -> int:
        """Photos that may wait in one server."""
        return max(1, round(self.rate * QUEUE_S))

    @property
    def backlog(self) -> int:
        """Messages that may wait in the queue for one server."""
        return max(1, round(self.rate * DRAIN_S))

    @property
    def unseen(self) -> int:
        """Servers while nobody can say how many are needed."""
        return max(self.least, ceil(self.most / 2))


def scaled_object(
    scaling: Scaling, *, model: str, queue_url: pulumi.Input[str] | None, region: pulumi.Input[str]
) -> dict[str, Any]:
    """What KEDA is told (the `spec` of a ScaledObject). Without a queue, it goes by what waits in Triton alone.

    Raises `ValueError` where there would be nothing to go by.
    """
    backlog = [] if queue_url is None else [_backlog(scaling, queue_url, region)]
    waiting = [_waiting(scaling, model)] if scaling.least else []
    if not backlog and not waiting:
        raise ValueError("a service that may sleep needs a queue that wakes it")
    return {
        "scaleTargetRef": {"name": NAME},
        "minReplicaCount": scaling.least,
        "maxReplicaCount": scaling.most,
        "pollingInterval": POLL_S,
        "cooldownPeriod": SLEEP_AFTER_S,
        "fallback": {
            "failureThreshold": _FAILURES,
            "replicas": scaling.unseen,
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"name": NAME, "behavior": {"scaleUp": _UP, "scaleDown": _DOWN}}},
        "triggers": waiting + backlog,
    }


def trigger_authentication() -> dict[str, Any]:
    """How KEDA asks AWS: under its own role, by Pod Identity (the `spec` of a TriggerAuthentication)."""
    return {"podIdentity": {"provider": "aws"}}


def _waiting(scaling: Scaling, model: str) -> dict[str, Any]:
    return {
        "type": "metrics-api",
        "name": "photos-waiting",
        "metricType": "AverageValue",
        "metadata": {
            "url": f"http://{GAUGE}.{NAME}.svc.cluster.local:{METRICS}/metrics",
            "format": "prometheus",
            "valueLocation": f'nv_inference_pending_request_count{{model="{model}"}}',
            # Every pod is asked, and what they say is added up.
            "aggregateFromKubeServiceEndpoints": "true",
            "aggregationType": "sum",
            "targetValue": str(scaling.waiting),
        },
    }


def _backlog(scaling: Scaling, queue_url: pulumi.Input[str], region: pulumi.Input[str]) -> dict[str, Any]:
    return {
        "type": "aws-sqs-queue",
        "name": "photos-queued",
        "metricType": "AverageValue",
        "metadata": {
            "queueURL": queue_url,
            "awsRegion": region,
            "queueLength": str(scaling.backlog),
            # What functions have in hand waits in Triton, and is counted there.
            "scaleOnInFlight": "false",
        },
        "authenticationRef": {"name": NAME},
    }
