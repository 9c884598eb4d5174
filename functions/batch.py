"""A batch of SQS's messages through one of the services' steps, each message answered for by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions import runtime
from lookalike.adapters.aws.correlation import carrying
from lookalike.adapters.aws.work_queue import Message, Reading
from lookalike.errors import LookalikeError, OverloadedError, UnavailableError
from lookalike.ports.work_queue import Pointer
from lookalike.services.outcome import Outcome

Step = Callable[[Sequence[Pointer]], list[Outcome]]


class NotDoneError(Exception):
    """A message has to come again; the message says why."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """How a function works messages off: `read` what a body points to, look up under which ids, take the `step`."""

    read: Callable[[str], Reading]
    correlations: Callable[[Sequence[Message]], Mapping[Pointer, str]]
    step: Step


def work_off(event: Mapping[str, Any], context: Any, consumer: Consumer) -> Any:
    """Take one step for the whole batch; answer with the messages that have to come again.

    What can be read of a message is worked on even where the rest cannot, which then comes again until it is a dead
    letter. Where all have to, the run itself fails, which alarms see and makes AWS slow down.
    """
    readings = {record["messageId"]: consumer.read(record["body"]) for record in event["Records"]}
    messages = [message for reading in readings.values() for message in reading.messages]
    errors = _take(consumer, messages) if messages else {}
    why = {id_: reading.error or _first(errors, reading.messages) for id_, reading in readings.items()}

    def settle(record: Any) -> None:
        if why[record.message_id]:
            raise NotDoneError(why[record.message_id])

    runtime.measure("BatchSize", len(readings))
    runtime.count("MessagesDone", sum(not reason for reason in why.values()))
    runtime.count("MessagesToCome", sum(bool(reason) for reason in why.values()))
    for id_, reading in readings.items():
        if reading.error:
            runtime.logger().error("a message cannot be read", extra={"message_id": id_, "why": reading.error})
    return process_partial_response(dict(event), settle, BatchProcessor(EventType.SQS), context)


def _take(consumer: Consumer, messages: Sequence[Message]) -> dict[Pointer, str]:
    pointers = list(dict.fromkeys(message.pointer for message in messages))
    try:
        known = {m.pointer: m.correlation for m in messages if m.correlation} | dict(consumer.correlations(messages))
    except LookalikeError as error:
        return dict.fromkeys(pointers, str(error))
    numbers = sorted(set(known.values()))
    # A batch belongs to several requests: lines about all of it have all numbers, those about an upload its own.
    runtime.logger().append_keys(correlation_ids=numbers)
    with carrying(known):
        outcomes = _step(consumer.step, pointers)
    for outcome in outcomes:
        _tell(outcome, known.get(outcome.pointer, ""))
    return {outcome.pointer: outcome.error for outcome in outcomes if not outcome.done}


def _step(step: Step, pointers: Sequence[Pointer]) -> list[Outcome]:
    try:
        return step(pointers)
    except (OverloadedError, UnavailableError) as error:
        return [Outcome(pointer, str(error) or "unavailable") for pointer in pointers]
    except Exception as error:  # noqa: BLE001 - whatever one of them does, its neighbours go on
        runtime.logger().exception("a step broke")
        if len(pointers) == 1:
            return [Outcome(pointers[0], f"{type(error).__name__}: {error}")]
    # One of them is poison: each by itself, so that its neighbours succeed.
    return [outcome for pointer in pointers for outcome in _step(step, [pointer])]


def _tell(outcome: Outcome, correlation: str) -> None:
    said = {"catalogue": outcome.pointer.catalogue, "upload": outcome.pointer.upload, "correlation_id": correlation}
    if outcome.done:
        runtime.logger().info("done", extra=said)
    else:
        runtime.logger().warning("to come again", extra={**said, "why": outcome.error})


def _first(errors: Mapping[Pointer, str], messages: Sequence[Message]) -> str:
    return next((errors[message.pointer] for message in messages if message.pointer in errors), "")
