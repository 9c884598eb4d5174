"""What arrives in the queue `received`: S3's notices of originals, and pointers that were sent back."""

from collections.abc import Mapping
from typing import Any, Final

from lookalike.adapters.aws.object_key import parse_object_key
from lookalike.adapters.aws.work_queue import Message, parse_body, read_pointer
from lookalike.errors import InvalidRequestError
from lookalike.ports.work_queue import Pointer

_CREATED: Final = "ObjectCreated:"
_TEST: Final = "s3:TestEvent"


def read_received(body: str) -> list[Message]:
    """The uploads that a message tells of: none for S3's test of the queue and for what is not a new object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    Raises `InvalidRequestError` for anything else.
    """
    given = parse_body(body)
    if given.get("Event") == _TEST:
        return []
    if "Records" not in given:
        return [read_pointer(given)]
    try:
        return [Message(_pointer(r)) for r in given["Records"] if r["eventName"].startswith(_CREATED)]
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidRequestError("message", f"is no notice of S3's ({type(error).__name__}: {error})") from None


def _pointer(record: Mapping[str, Any]) -> Pointer:
    return Pointer(*parse_object_key(record["s3"]["object"]["key"]))
