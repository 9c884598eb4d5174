import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.correlation import LONGEST_CORRELATION, Correlate, correlation_of
from lookalike.adapters.aws.errors import translated, translated_code
from lookalike.adapters.aws.parallel import chunks, in_parallel
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.work_queue import AT_ONCE, Pointer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html: ten messages and, at
# the least, 256 KiB a batch. A body has below 1 KiB, whatever it points to, so ten always fit.
_MOST_SENT: Final = 10

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Message:
    """What travels in a queue: what to work on, and the id under which that is logged everywhere."""

    pointer: Pointer
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the body of a message says: what to work on, and why the rest of it cannot be read, empty if all can."""

    messages: tuple[Message, ...] = ()
    error: str = ""

    @classmethod
    def of(cls, parts: Iterable[_Part], read: Callable[[_Part], Message | None]) -> Self:
        """Read each part by itself: one that raises `InvalidRequestError` takes no other with it."""
        messages: list[Message] = []
        errors: list[str] = []
        for part in parts:
            try:
                messages += [message] if (message := read(part)) else []
            except InvalidRequestError as error:
                errors.append(str(error))
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return cls(tuple(messages), f"{errors[0]}{more}" if errors else "")


class SqsWorkQueue:
    """Sends pointers to one queue; whoever takes them out reads them with `parse_pointer`."""

    def __init__(
        self, client: "SQSClient", *, url: str, correlate: Correlate = correlation_of, backoff: Backoff | None = None
    ) -> None:
        """`url` is the queue's; `correlate` tells each message's correlation id."""
        self._client = client
        self._url = url
        self._correlate = correlate
        self._backoff = backoff or Backoff()

    def send_many(self, pointers: Sequence[Pointer], *, delay: timedelta = AT_ONCE) -> None:
        """Accept all of them durably, or raise `UnavailableError`: some may then have been sent, which does no harm.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html
        """
        bodies = [write_pointer(Message(p, self._correlate(p))) for p in dict.fromkeys(pointers)]
        timer = {"DelaySeconds": int(delay.total_seconds())} if delay else {}
        entries = [{"MessageBody": body, **timer} for body in bodies]
        in_parallel(self._send, chunks(entries, _MOST_SENT))

    def _send(self, entries: Sequence[dict[str, Any]]) -> None:
        left: list[Any] = [{"Id": str(number), **entry} for number, entry in enumerate(entries)]
        last = ""
        for _ in self._backoff.rounds():
            with translated():
                failed = self._client.send_message_batch(QueueUrl=self._url, Entries=left).get("Failed", [])
            if not failed:
                return
            last = failed[0]["Code"]
            faults = [entry["Code"] for entry in failed if entry["SenderFault"]]
            if faults:
                raise translated_code(faults[0], f"AWS answered SendMessageBatch with {faults[0]}")
            refused = {entry["Id"] for entry in failed}
            left = [entry for entry in left if entry["Id"] in refused]
        raise UnavailableError(f"AWS answered SendMessageBatch with {last} for {len(left)} messages")


def write_pointer(message: Message) -> str:
    """The body of a message, as JSON."""
    correlation = message.correlation[:LONGEST_CORRELATION]
    return json.dumps(
        {"catalogue": message.pointer.catalogue, "upload": message.pointer.upload, "correlation": correlation}
    )


def parse_pointer(body: str) -> Message:
    """Undo `write_pointer`. Raises `InvalidRequestError` naming the part that is missing or wrong."""
    return read_pointer(parse_body(body))


def parse_body(body: str) -> dict[str, Any]:
    """The JSON object that a message is. Raises `InvalidRequestError`."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequestError("message", "is not JSON") from None
    if not isinstance(given, dict):
        raise InvalidRequestError("message", "is not a JSON object")
    return given


def read_pointer(given: Mapping[str, Any]) -> Message:
    """What a message's JSON object says. Raises `InvalidRequestError` naming the part that is missing or wrong."""
    correlation = given.get("correlation", "")
    if not isinstance(correlation, str) or len(correlation) > LONGEST_CORRELATION:
        raise InvalidRequestError("correlation", f"must be text of at most {LONGEST_CORRELATION} characters")
    pointer = Pointer(CatalogueId(given.get("catalogue", "")), UploadId(given.get("upload", "")))
    return Message(pointer, correlation)
