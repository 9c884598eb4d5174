"""A function can be followed, cannot take the account's whole capacity, and shares its permissions with nobody."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.rules.queues import ALARM
from infra.policy.subject import Estate, Inputs, Subject, look

FUNCTION: Final = "aws:lambda/function:Function"
_MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
_STAGE: Final = "aws:apigatewayv2/stage:Stage"


def _traced(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == FUNCTION and look(inputs, "tracingConfig.mode") != "Active":
        yield "is not traced"


def _roles(estate: Estate) -> Iterator[Finding]:
    sharing: dict[frozenset[str], list[Subject]] = defaultdict(list)
    for function in estate.of(FUNCTION):
        sharing[function.uses.get("role", frozenset())].append(function)
    for role, functions in sharing.items():
        if not role or len(functions) > 1:
            yield from ((function, "has no role of its own") for function in functions)


def _bounds(estate: Estate) -> Iterator[Finding]:
    # A function that answers the API is bounded by the API's throttle, one that reads a queue by its mapping.
    throttled = all(look(s.inputs, "defaultRouteSettings.throttlingRateLimit") for s in estate.of(_STAGE))
    # A reserve alone would have SQS hand out messages that nobody takes, until they are dead letters.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    yield from ((m, "starts as many runs as there are messages") for m in estate.of(_MAPPING) if not _is_bounded(m))
    for function in estate.of(FUNCTION):
        fed = any(function.urn in mapping.uses.get("functionName", ()) for mapping in estate.of(_MAPPING))
        if not (fed or throttled or function.inputs.get("reservedConcurrentExecutions", -1) >= 0):
            yield function, "may take the account's whole concurrency: the API is not throttled"


def _is_bounded(mapping: Subject) -> bool:
    pollers = look(mapping.inputs, "provisionedPollerConfig.maximumPollers")
    return bool(look(mapping.inputs, "scalingConfig.maximumConcurrency") or pollers)


def _watched(estate: Estate) -> Iterator[Finding]:
    for function in estate.of(FUNCTION):
        heard = {alarm.inputs.get("metricName") for alarm in estate.about(function, ALARM, "dimensions")}
        yield from ((function, f"nobody hears of its {what}") for what in sorted({"Errors", "Throttles"} - heard))


def _throttled(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == _STAGE:
        for limit in ("throttlingRateLimit", "throttlingBurstLimit"):
            if not look(inputs, f"defaultRouteSettings.{limit}"):
                yield f"one caller can take it all: {limit} is not set"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="functions-are-traced", says="A function's calls can be followed.", check=_traced),
    EstateRule(name="functions-have-own-roles", says="No two functions share a role.", check=_roles),
    EstateRule(name="functions-are-bounded", says="No function takes the account's whole concurrency.", check=_bounds),
    EstateRule(name="functions-are-watched", says="Somebody hears of errors and throttles.", check=_watched),
    Rule(name="the-api-is-throttled", says="The API bounds what callers can ask.", check=_throttled),
)
