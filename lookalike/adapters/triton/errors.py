"""What Triton and gRPC answer, in our words; the original is kept as the error's cause."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from grpc import StatusCode
from tritonclient.utils import InferenceServerException

from lookalike.errors import InvalidRequestError, LookalikeError, OverloadedError, UnavailableError

REPAIR: Final = 60.0
"""Seconds after which to try again where a person has to put the deployment right first."""

REFUSED: Final = ("Exceeds maximum queue size", "Request timeout expired")
"""What Triton says, with UNAVAILABLE, of a request it did not queue, or that waited too long in its queue."""

OVERLOADED: Final = frozenset({StatusCode.RESOURCE_EXHAUSTED})
UNAVAILABLE: Final = frozenset(
    {
        StatusCode.ABORTED,
        StatusCode.CANCELLED,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.INTERNAL,
        StatusCode.NOT_FOUND,  # a server that is starting, or that has moved on to another version
        StatusCode.UNAVAILABLE,
        StatusCode.UNKNOWN,
    }
)
INVALID: Final = frozenset({StatusCode.INVALID_ARGUMENT, StatusCode.OUT_OF_RANGE})
FAULT: Final = frozenset(
    {
        StatusCode.ALREADY_EXISTS,
        StatusCode.DATA_LOSS,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.OK,  # never comes with an error
        StatusCode.PERMISSION_DENIED,
        StatusCode.UNAUTHENTICATED,
        StatusCode.UNIMPLEMENTED,
    }
)
"""A deployment that is not as it should be: trying again soon changes nothing."""

_BY_NAME: Final = {str(code): code for code in StatusCode}  # the client passes the code on as "StatusCode.NOT_FOUND"


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of the client's out: raise what `translation` makes of it instead."""
    try:
        yield
    except InferenceServerException as error:
        raise translation(error) from error


def translation(error: InferenceServerException) -> LookalikeError:
    """The error of ours that one of the client's stands for; every one stands for some."""
    code, said = status(error), str(error.message() or "")
    if code in OVERLOADED or (code is StatusCode.UNAVAILABLE and any(words in said for words in REFUSED)):
        return OverloadedError("the model refuses more work")
    if code in INVALID:
        return InvalidRequestError("photo", "the model takes no such array")
    if code in UNAVAILABLE:
        return UnavailableError(f"no answer from the model ({error.status()})")
    return UnavailableError(f"the model's server is at fault ({error.status() or said})", retry_after=REPAIR)


def status(error: InferenceServerException) -> StatusCode | None:
    """The gRPC status that came, or None for an error of the client's own."""
    return _BY_NAME.get(str(error.status()))
