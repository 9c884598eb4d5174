"""What travels is encrypted: stores refuse whoever comes without TLS, endpoints speak TLS 1.2 or newer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from infra.policy.documents import POLICY_INPUTS, Statement, statements
from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.rules.exposure import BUCKET
from infra.policy.subject import Estate, Inputs, Subject, is_true, known, leaves, listed, look

_GUARDS: Final = (
    (BUCKET, "aws:s3/bucketPolicy:BucketPolicy", "bucket"),
    ("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy", "queueUrl"),
    ("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy", "arn"),
)
"""Who has to refuse, in which resource its policy is, and by which input that says whose."""
_EVERY_ACTION: Final = frozenset({"*", "s3:*", "sqs:*", "sns:Publish"})  # a topic's policy knows no sns:*


def _refusals(estate: Estate) -> Iterator[Finding]:
    for kind, policy, by in _GUARDS:
        for store in estate.of(kind):
            if not any(_refuses(guard) for guard in estate.about(store, policy, by)):
                yield store, "no policy of it refuses whoever comes without TLS"


def _refuses(guard: Subject) -> bool:
    if any(not known(guard.inputs.get(name)) for name in POLICY_INPUTS):
        return True  # judged when it is known, before anything is made
    return any(_is_refusal(statement) for statement in statements(guard.inputs, "Deny"))


def _is_refusal(statement: Statement) -> bool:
    insecure = look(statement, "Condition.Bool.aws:SecureTransport")
    every_action = bool(_EVERY_ACTION & set(listed(statement.get("Action"))))
    return insecure == "false" and every_action and statement.get("Principal") in ("*", {"AWS": "*"})


def _domain(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "nodeToNodeEncryption.enabled") is not True:
        yield "its nodes speak in the clear"
    if look(inputs, "domainEndpointOptions.enforceHttps") is not True:
        yield "answers without TLS"
    if "TLS-1-2" not in str(look(inputs, "domainEndpointOptions.tlsSecurityPolicy")):
        yield "takes TLS older than 1.2"


def _cache(inputs: Inputs) -> Iterator[str]:
    if not is_true(inputs.get("transitEncryptionEnabled")):
        yield "speaks in the clear"
    if inputs.get("transitEncryptionMode") == "preferred":
        yield "may speak in the clear"
    if not (inputs.get("authToken") or inputs.get("userGroupIds")):
        yield "asks nobody who they are"


def _distribution(inputs: Inputs) -> Iterator[str]:
    behaviours = [inputs.get("defaultCacheBehavior"), *listed(inputs.get("orderedCacheBehaviors"))]
    if any(look(b, "viewerProtocolPolicy") not in ("https-only", "redirect-to-https") for b in behaviours):
        yield "answers without TLS"
    # CloudFront's own certificate comes with its own minimum, which cannot be set.
    certificate = inputs.get("viewerCertificate", {})
    if not look(certificate, "cloudfrontDefaultCertificate") and not str(
        look(certificate, "minimumProtocolVersion")
    ).startswith(("TLSv1.2", "TLSv1.3")):
        yield "takes TLS older than 1.2"


def _api_domain(inputs: Inputs) -> Iterator[str]:
    if look(inputs, "domainNameConfiguration.securityPolicy") != "TLS_1_2":
        yield "takes TLS older than 1.2"


def _listener(inputs: Inputs) -> Iterator[str]:
    if inputs.get("protocol") in ("HTTP", "http"):
        yield "answers without TLS"


_CHECKS: Final[Mapping[str, Callable[[Inputs], Iterable[str]]]] = {
    "aws:opensearch/domain:Domain": _domain,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:apigatewayv2/domainName:DomainName": _api_domain,
    "aws:lb/listener:Listener": _listener,
}


def _in_transit(kind: str, inputs: Inputs) -> Iterable[str]:
    return _CHECKS[kind](inputs) if kind in _CHECKS else ()


def _addresses(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "aws:lambda/function:Function":
        told: Any = look(inputs, "environment.variables") or {}
        for path, value in leaves(told):
            if str(value).startswith(("http://", "redis://")) and "://127.0.0.1" not in str(value):
                yield f"{path} is an address without TLS"


RULES: Final[tuple[AnyRule, ...]] = (
    EstateRule(name="stores-refuse-plain-http", says="Stores refuse whoever comes without TLS.", check=_refusals),
    Rule(name="endpoints-speak-tls", says="Endpoints speak TLS 1.2 or newer, and nothing else.", check=_in_transit),
    Rule(name="functions-call-over-tls", says="Addresses that functions are told are TLS's.", check=_addresses),
)
