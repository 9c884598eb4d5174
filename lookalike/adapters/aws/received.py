"""What arrives in the queue `received`: S3's notices of originals, and pointers that were sent back."""

from typing import Any, Final

from lookalike.adapters.aws.object_key import parse_object_key
from lookalike.adapters.aws.work_queue import Message, Reading, parse_body, read_pointer
from lookalike.errors import InvalidRequestError
from lookalike.ports.work_queue import Pointer

_CREATED: Final = "ObjectCreated:"
_TEST: Final = "s3:TestEvent"


def read_received(body: str) -> Reading:
    """The uploads that a message tells of: none for S3's test of the queue and for what is not a new object.

    A record with an unusable key is an error of the message, for somebody wrote into the bucket past our forms and
    nobody else would notice. The records beside it are read all the same.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    try:
        given = parse_body(body)
    except InvalidRequestError as error:
        return Reading(error=str(error))
    if given.get("Event") == _TEST:
        return Reading()
    if "Records" not in given:
        return Reading.of([given], read_pointer)
    if not isinstance(given["Records"], list):
        return Reading(error="Records: is not a list")
    return Reading.of(given["Records"], _new_upload)


def _new_upload(record: Any) -> Message | None:
    try:
        if not record["eventName"].startswith(_CREATED):
            return None
        return Message(Pointer(*parse_object_key(record["s3"]["object"]["key"])))
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidRequestError("record", f"is none of S3's ({type(error).__name__}: {error})") from None
