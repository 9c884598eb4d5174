"""No message is lost in silence: queues have dead letters, and somebody hears of them."""

from collections.abc import Iterator
from typing import Final

from infra.policy.rule import AnyRule, EstateRule, Finding
from infra.policy.subject import Estate, Subject, look

QUEUE: Final = "aws:sqs/queue:Queue"
_REDRIVE: Final = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
_MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"


def _dead(estate: Estate) -> dict[str, list[Subject]]:
    """Dead-letter queues by URN, with those whose letters they take."""
    queues = estate.of(QUEUE)
    return {queue.urn: from_ for queue in queues if (from_ := estate.about(queue, QUEUE, "redrivePolicy"))}


_LONGEST_KEPT_S: Final = 14 * 86_400


def _letters(estate: Estate) -> Iterator[Finding]:
    dead = _dead(estate)
    for queue in estate.of(QUEUE):
        if queue.urn not in dead and not queue.inputs.get("redrivePolicy"):
            yield queue, "has no dead-letter queue"
        if len(dead.get(queue.urn, [])) > 1:
            yield queue, "takes dead letters of several queues, so that none can be driven back"
        # A letter's age counts from when it was first sent: dead ones must not be older than they may be.
        if queue.inputs.get("messageRetentionSeconds") != _LONGEST_KEPT_S:
            yield queue, "does not keep messages for as long as SQS can"
        if queue.urn in dead and not estate.about(queue, _REDRIVE, "queueUrl"):
            yield queue, "takes dead letters of whoever sends"


def _alarms(estate: Estate) -> Iterator[Finding]:
    dead = _dead(estate)
    for queue in estate.of(QUEUE):
        watched = {alarm.inputs.get("metricName") for alarm in estate.about(queue, ALARM, "dimensions")}
        wanted = "ApproximateNumberOfMessagesVisible" if queue.urn in dead else "ApproximateAgeOfOldestMessage"
        if wanted not in watched:
            yield queue, f"nobody hears of its {wanted}"


def _visibility(estate: Estate) -> Iterator[Finding]:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function's time-out.
    functions = {function.urn: function for function in estate.of("aws:lambda/function:Function")}
    for queue in estate.of(QUEUE):
        for mapping in estate.about(queue, _MAPPING, "eventSourceArn"):
            for urn in mapping.uses.get("functionName", frozenset()) & functions.keys():
                hidden = queue.inputs.get("visibilityTimeoutSeconds", 30)
                if hidden < 6 * functions[urn].inputs.get("timeout", 3):
                    yield queue, f"shows messages again after {hidden} s, while their function may still work on them"
            if look(mapping.inputs, "functionResponseTypes") != ["ReportBatchItemFailures"]:
                yield mapping, "does a whole batch again when one message of it fails"


RULES: Final[tuple[AnyRule, ...]] = (
    EstateRule(name="queues-have-dead-letters", says="A queue has a dead-letter queue of its own.", check=_letters),
    EstateRule(name="queues-are-watched", says="Somebody hears of old messages and dead letters.", check=_alarms),
    EstateRule(name="messages-are-worked-on-once", says="Messages stay hidden while worked on.", check=_visibility),
)
