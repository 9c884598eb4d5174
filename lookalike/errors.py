"""One tree of errors; every failure a caller can meet is a branch of it.

::

    LookalikeError
    ├── InvalidRequestError        the caller's request is malformed; names the field
    │   ├── UnknownFacetError      a filter names a facet the catalogue does not have
    │   └── VersionMismatchError   vectors of two model versions were about to meet
    ├── PhotoRejectedError         the photo's own fault, with a `Rejection` code
    ├── NotFoundError              nothing of that name in this catalogue
    ├── UnauthenticatedError       no token, or one that does not verify
    ├── ForbiddenError             a token or form that does not allow this
    ├── ConflictError              another writer got there first
    │   └── IllegalTransitionError an upload cannot go from that state to this one
    ├── CatalogueLockedError       another process writes to this folder
    ├── CatalogueDamagedError      a stored file does not hold what it should
    ├── OverloadedError            refused early; says when to try again
    └── UnavailableError           a part we depend on is slow or down; says when to try again

Vendor errors are translated into these once, at the edge of the adapter that meets them.
"""

from enum import StrEnum


class LookalikeError(Exception):
    """Base of all errors raised on purpose by Lookalike."""


class InvalidRequestError(LookalikeError):
    """The request is malformed.

    `field` names the offending part as the caller wrote it, e.g. ``k`` or ``filter[0].any``.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class UnknownFacetError(InvalidRequestError):
    """A filter names a facet that no item of the catalogue has."""


class VersionMismatchError(InvalidRequestError):
    """Vectors of two model versions were about to be compared."""


class Rejection(StrEnum):
    """Why a photo was turned away; the photo's fault, so trying again changes nothing."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    WRONG_TYPE = "wrong_type"


class PhotoRejectedError(LookalikeError):
    """A photo cannot be used; `code` says why in one word, the message in a sentence."""

    def __init__(self, code: Rejection, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFoundError(LookalikeError):
    """Nothing of that name exists in this catalogue (or it is another catalogue's: we do not say)."""


class UnauthenticatedError(LookalikeError):
    """No token, or one that is expired, forged or for someone else."""


class ForbiddenError(LookalikeError):
    """The token or form presented does not allow this."""


class ConflictError(LookalikeError):
    """The record changed since it was read; read it again and decide anew."""


class IllegalTransitionError(ConflictError):
    """An upload cannot move from its present state to the one asked for."""


class CatalogueLockedError(LookalikeError):
    """Another process has this catalogue open for writing."""


class CatalogueDamagedError(LookalikeError):
    """A stored file does not hold what the catalogue's records say it holds."""


class _RetryableError(LookalikeError):
    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OverloadedError(_RetryableError):
    """Refused early because capacity is used up; try again after `retry_after` seconds."""


class UnavailableError(_RetryableError):
    """A part we depend on did not answer in time; try again after `retry_after` seconds."""
