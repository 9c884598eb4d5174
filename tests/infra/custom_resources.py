"""What KEDA and the Prometheus operator take of what we tell them, by their documentation; nothing else is let through.

https://keda.sh/docs/2.20/reference/scaledobject-spec/
https://keda.sh/docs/2.20/concepts/authentication/
https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
"""

from collections.abc import Mapping
from typing import Any, Final

_TEXT: Final = {"type": "string", "minLength": 1}
_COUNT: Final = {"type": "integer", "minimum": 0}


def _object(required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required.split(), "additionalProperties": False}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1}


_LABELS: Final = {"type": "object", "additionalProperties": _TEXT}
_POLICY: Final = _object(
    "type value periodSeconds",
    type={"enum": ["Pods", "Percent"]},
    value={"type": "integer", "minimum": 1},
    periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
)
_RULES: Final = _object(
    "policies",
    policies=_list(_POLICY),
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
)
# Values of a trigger's metadata are text, whatever they mean.
_METRICS_API: Final = _object(
    "url valueLocation targetValue",
    url=_TEXT,
    valueLocation=_TEXT,
    targetValue=_TEXT,
    activationTargetValue=_TEXT,
    format={"enum": ["json", "xml", "yaml", "prometheus"]},
    aggregateFromKubeServiceEndpoints={"enum": ["true", "false"]},
    aggregationType={"enum": ["average", "sum", "max", "min"]},
)
_SQS: Final = _object(
    "queueURL awsRegion",
    queueURL=_TEXT,
    awsRegion=_TEXT,
    queueLength=_TEXT,
    activationQueueLength=_TEXT,
    scaleOnInFlight={"enum": ["true", "false"]},
    scaleOnDelayed={"enum": ["true", "false"]},
)


def _trigger(kind: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return _object(
        "type metadata",
        type={"const": kind},
        name=_TEXT,
        metadata=metadata,
        metricType={"enum": ["AverageValue", "Value", "Utilization"]},
        authenticationRef=_object("name", name=_TEXT),
    )


SCALED_OBJECT: Final = _object(
    "scaleTargetRef triggers",
    scaleTargetRef=_object("name", name=_TEXT, kind=_TEXT, apiVersion=_TEXT),
    minReplicaCount=_COUNT,
    maxReplicaCount=_COUNT,
    pollingInterval={"type": "integer", "minimum": 1},
    cooldownPeriod=_COUNT,
    fallback=_object(
        "failureThreshold replicas",
        failureThreshold=_COUNT,
        replicas=_COUNT,
        behavior={"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]},
    ),
    advanced=_object(
        "horizontalPodAutoscalerConfig",
        horizontalPodAutoscalerConfig=_object("", name=_TEXT, behavior=_object("", scaleUp=_RULES, scaleDown=_RULES)),
    ),
    triggers=_list({"oneOf": [_trigger("metrics-api", _METRICS_API), _trigger("aws-sqs-queue", _SQS)]}),
)
TRIGGER_AUTHENTICATION: Final = _object(
    "podIdentity", podIdentity=_object("provider", provider={"enum": ["aws"]}, roleArn=_TEXT)
)
POD_MONITOR: Final = _object(
    "selector podMetricsEndpoints",
    selector=_object("matchLabels", matchLabels=_LABELS),
    podMetricsEndpoints=_list(
        _object("port", port=_TEXT, path=_TEXT, interval={"type": "string", "pattern": r"^[0-9]+(ms|s|m|h)$"})
    ),
)
SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    kind: _object(
        "apiVersion kind metadata spec",
        apiVersion={"const": version},
        kind={"const": kind},
        metadata=_object("name namespace", name=_TEXT, namespace=_TEXT, labels=_LABELS),
        spec=spec,
    )
    for kind, version, spec in (
        ("ScaledObject", "keda.sh/v1alpha1", SCALED_OBJECT),
        ("TriggerAuthentication", "keda.sh/v1alpha1", TRIGGER_AUTHENTICATION),
        ("PodMonitor", "monitoring.coreos.com/v1", POD_MONITOR),
    )
}
