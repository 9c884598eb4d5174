from enum import IntEnum
from typing import Final

from lookalike.errors import (
    CatalogueDamagedError,
    CatalogueLockedError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    LookalikeError,
    NotFoundError,
    OverloadedError,
    PhotoRejectedError,
    UnauthenticatedError,
    UnavailableError,
)


class ExitCode(IntEnum):
    """What a command says to the script that ran it. 64 and up follow BSD's sysexits.h and the shells."""

    OK = 0
    SOME_FAILED = 1
    BAD_INPUT = 2
    NOT_FOUND = 3
    UNAVAILABLE = 4
    NOT_ALLOWED = 5
    INTERNAL = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS: Final = {
    ExitCode.OK: "all went well",
    ExitCode.SOME_FAILED: "the command ran, but some of it was rejected, failed or refused, or damage remains",
    ExitCode.BAD_INPUT: "wrong usage or bad input; nothing was done",
    ExitCode.NOT_FOUND: "no such catalogue or item",
    ExitCode.UNAVAILABLE: "the catalogue is locked by another process, overloaded or does not answer: try again",
    ExitCode.NOT_ALLOWED: "no token, or one that does not allow this",
    ExitCode.INTERNAL: "a damaged catalogue, or a fault of ours",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C; what was done stays done",
    ExitCode.BROKEN_PIPE: "whoever read the output went away",
}

_BY_ERROR: Final[tuple[tuple[type[LookalikeError], ExitCode], ...]] = (
    (InvalidRequestError, ExitCode.BAD_INPUT),
    (PhotoRejectedError, ExitCode.BAD_INPUT),
    (NotFoundError, ExitCode.NOT_FOUND),
    (CatalogueLockedError, ExitCode.UNAVAILABLE),
    (OverloadedError, ExitCode.UNAVAILABLE),
    (UnavailableError, ExitCode.UNAVAILABLE),
    (ConflictError, ExitCode.UNAVAILABLE),
    (UnauthenticatedError, ExitCode.NOT_ALLOWED),
    (ForbiddenError, ExitCode.NOT_ALLOWED),
    (CatalogueDamagedError, ExitCode.INTERNAL),
)


def exit_code_of(error: LookalikeError) -> ExitCode:
    """The code of a command that ended with this error."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), ExitCode.INTERNAL)
