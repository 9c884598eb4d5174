"""What happened can be read, for as long as somebody decided."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.rules.exposure import BUCKET
from infra.policy.subject import Estate, Inputs, Subject, listed, look

GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
_CLUSTER_LOGS: Final = {"api", "audit", "authenticator"}
_DOMAIN_LOGS: Final = {"AUDIT_LOGS", "ES_APPLICATION_LOGS"}
_BUCKET_LOGGING: Final = "aws:s3/bucketLogging:BucketLogging"
_DELIVERIES: Final = (
    (_BUCKET_LOGGING, "targetBucket"),
    ("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "deliveryDestinationConfiguration"),
    ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "logDestinationConfigs"),
)
"""What delivers logs into a bucket, and the input that names the bucket."""


def _retention(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == GROUP and not inputs.get("retentionInDays"):
        yield "keeps logs for ever"


def _function(inputs: Inputs) -> Iterator[str]:
    if not look(inputs, "loggingConfig.logGroup"):
        yield "writes into a log group that Lambda makes, which never ends"


def _stage(inputs: Inputs) -> Iterator[str]:
    if not look(inputs, "accessLogSettings.destinationArn"):
        yield "does not say who came"


def _cluster(inputs: Inputs) -> Iterator[str]:
    yield from (
        f"has no {log} log" for log in sorted(_CLUSTER_LOGS - set(listed(inputs.get("enabledClusterLogTypes"))))
    )


def _domain(inputs: Inputs) -> Iterator[str]:
    options = listed(inputs.get("logPublishingOptions"))
    published = {o.get("logType") for o in options if o.get("enabled", True) and o.get("cloudwatchLogGroupArn")}
    yield from (f"has no {log}" for log in sorted(_DOMAIN_LOGS - published))


_CHECKS: Final[Mapping[str, Callable[[Inputs], Iterable[str]]]] = {
    "aws:lambda/function:Function": _function,
    "aws:apigatewayv2/stage:Stage": _stage,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:opensearch/domain:Domain": _domain,
}


def _logged(kind: str, inputs: Inputs) -> Iterable[str]:
    return _CHECKS[kind](inputs) if kind in _CHECKS else ()


def _flows(estate: Estate) -> Iterator[Finding]:
    for vpc in estate.of("aws:ec2/vpc:Vpc"):
        flows = estate.about(vpc, "aws:ec2/flowLog:FlowLog", "vpcId")
        if not any(flow.inputs.get("trafficType") in ("ALL", "REJECT") for flow in flows):
            yield vpc, "nobody sees what was refused"


def takes_logs(estate: Estate, bucket: Subject) -> bool:
    """Whether a bucket is where others leave their logs; of those nobody keeps a log."""
    return any(estate.about(bucket, kind, by) for kind, by in _DELIVERIES)


def _access(estate: Estate) -> Iterator[Finding]:
    for bucket in estate.of(BUCKET):
        if not takes_logs(estate, bucket) and not estate.about(bucket, _BUCKET_LOGGING, "bucket"):
            yield bucket, "does not say who read what"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="logs-end", says="Logs are kept for a time that somebody decided.", check=_retention),
    Rule(name="what-happened-can-be-read", says="Functions, the API, the cluster and the index log.", check=_logged),
    EstateRule(name="networks-log-flows", says="Networks log what was refused.", check=_flows),
    EstateRule(name="buckets-log-access", says="Buckets say who read what.", check=_access),
)
