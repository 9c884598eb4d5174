"""Errors as RFC 9457 problems and back: the one table between `lookalike.errors` and HTTP."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lookalike import errors
from lookalike.contract.retry_after import retry_after_s
from lookalike.domain.text import printable
from lookalike.errors import (
    InvalidRequestError,
    LookalikeError,
    OverloadedError,
    PhotoRejectedError,
    Rejection,
    UnauthenticatedError,
    UnavailableError,
)

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_URN: Final = "urn:lookalike:problem:"
_LOCKED_RETRY_S: Final = 5.0
_DAMAGED_RETRY_S: Final = 60.0  # somebody has to repair it
_RETRY_S: Final = 1.0  # where the server names no time
_LONGEST_DETAIL: Final = 1000
_LONGEST_FIELD: Final = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """How one branch of the error tree travels."""

    error: type[Exception]
    status: int
    name: str
    title: str


class HttpError(LookalikeError):
    """What only HTTP can get wrong: an unknown path, a method, a body too large or of another type."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})


# From special to general: the first whose class fits is taken.
KINDS: Final = (
    Kind(errors.UnknownFacetError, 422, "unknown-facet", "No item has such a facet"),
    Kind(errors.VersionMismatchError, 422, "version-mismatch", "Vectors of two models cannot be compared"),
    Kind(errors.InvalidRequestError, 422, "invalid-request", "The request is not valid"),
    Kind(errors.PhotoRejectedError, 422, "photo-rejected", "The photo cannot be used"),
    Kind(errors.NotFoundError, 404, "not-found", "Not found"),
    Kind(errors.UnauthenticatedError, 401, "unauthenticated", "A valid token is needed"),
    Kind(errors.ForbiddenError, 403, "forbidden", "Not allowed"),
    Kind(errors.IllegalTransitionError, 409, "illegal-transition", "The upload is past that"),
    Kind(errors.ConflictError, 409, "conflict", "Something else got there first"),
    Kind(errors.OverloadedError, 429, "overloaded", "Too busy, try again"),
    Kind(errors.UnavailableError, 503, "unavailable", "A part is not answering, try again"),
    Kind(errors.CatalogueLockedError, 503, "catalogue-locked", "The catalogue is in use"),
    Kind(errors.CatalogueDamagedError, 503, "catalogue-damaged", "The catalogue is damaged"),
)
_DAMAGED: Final = KINDS[-1]
_INTERNAL: Final = Kind(Exception, 500, "internal", "Something went wrong on our side")
_OURS: Final = (_DAMAGED, _INTERNAL)
_BY_STATUS: Final = {
    400: Kind(HttpError, 400, "malformed", "The request cannot be read"),
    404: Kind(HttpError, 404, "no-such-route", "No such route"),
    405: Kind(HttpError, 405, "method-not-allowed", "Not with this method"),
    408: Kind(HttpError, 408, "too-slow", "The request took too long to arrive"),
    413: Kind(HttpError, 413, "too-large", "The request is too large"),
    415: Kind(HttpError, 415, "unsupported-media-type", "The body is of another type"),
    431: Kind(HttpError, 431, "head-too-large", "The request's head is too large"),
}
_PLAIN: Final[Mapping[int, type[LookalikeError]]] = {
    401: errors.UnauthenticatedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
}


class Problem(BaseModel):
    """What went wrong (RFC 9457); `field` names the part as the caller wrote it, `code` why a photo was rejected."""

    model_config = ConfigDict(extra="ignore")

    type: str = Field(examples=["urn:lookalike:problem:invalid-request"])
    title: str
    status: int
    detail: str
    field: str | None = Field(None, examples=["filter[0].any[1]"])
    code: Rejection | None = None


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """A problem and the headers that go with it."""

    problem: Problem
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON document."""
        return self.problem.model_dump_json(exclude_none=True).encode()


def problem_of(error: Exception, request_id: str) -> ProblemAnswer:
    """Say `error` in HTTP.

    What is not for the caller's ears is logged and told without a detail: damage as 503, all else as 500.
    """
    kind = _kind_of(error)
    if kind in _OURS:
        log.error("request %s failed", request_id, exc_info=error)
        return ProblemAnswer(_problem(kind, f"It was noted under the number {request_id}."), _headers_of(error))
    if isinstance(error, InvalidRequestError):
        return ProblemAnswer(_problem(kind, error.message, field=error.field))
    if isinstance(error, PhotoRejectedError):
        return ProblemAnswer(_problem(kind, error.message, code=error.code))
    return ProblemAnswer(_problem(kind, str(error)), _headers_of(error))


def error_of(status: int, body: bytes, retry_after: str | None, date: str | None = None) -> LookalikeError:
    """The error that a server meant by an answer of 300 or above, whoever wrote its body.

    `retry_after` and `date` are headers. What the body says is cut, and its control characters escaped: a message is
    printed.
    """
    seconds = retry_after_s(retry_after, date)
    wait = _RETRY_S if seconds is None else seconds
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return _from_status(status, f"the server answered {status}", wait)
    problem.detail = printable(problem.detail, _LONGEST_DETAIL)
    problem.field = problem.field and printable(problem.field, _LONGEST_FIELD)
    kind = next((kind for kind in KINDS if problem.type == _URN + kind.name), None)
    if kind is None or kind in _OURS:
        return _from_status(status, problem.detail, wait)
    return _remake(kind.error, problem, wait)


def invalid_request(error: ValidationError, whole: str = "body") -> InvalidRequestError:
    """The first thing pydantic found, its place as the caller wrote it; `whole` names the document itself."""
    first = error.errors(include_url=False)[0]
    place = _place((*first["loc"], *_inner(first.get("ctx", {}))))
    return InvalidRequestError(place or whole, first["msg"])


def _kind_of(error: Exception) -> Kind:
    if isinstance(error, HttpError):
        return _BY_STATUS[error.status]
    return next((kind for kind in KINDS if isinstance(error, kind.error)), _INTERNAL)


def _problem(kind: Kind, detail: str, **more: Any) -> Problem:
    return Problem(type=_URN + kind.name, title=kind.title, status=kind.status, detail=detail, **more)


def _headers_of(error: Exception) -> dict[str, str]:
    match error:
        case HttpError():
            return error.headers
        case UnauthenticatedError():
            return {"WWW-Authenticate": 'Bearer realm="lookalike"'}
        case OverloadedError() | UnavailableError():
            return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
        case errors.CatalogueLockedError():
            return {"Retry-After": str(math.ceil(_LOCKED_RETRY_S))}
        case errors.CatalogueDamagedError():
            return {"Retry-After": str(math.ceil(_DAMAGED_RETRY_S))}
        case _:
            return {}


def _remake(kind: type[Exception], problem: Problem, retry_after: float) -> LookalikeError:
    if issubclass(kind, InvalidRequestError):
        return kind(problem.field or "request", problem.detail)
    if issubclass(kind, PhotoRejectedError):
        return kind(problem.code or Rejection.CORRUPT, problem.detail)
    if issubclass(kind, OverloadedError | UnavailableError):
        return kind(problem.detail, retry_after=retry_after)
    assert issubclass(kind, LookalikeError)  # noqa: S101 (KINDS holds nothing else; tells mypy)
    return kind(problem.detail)


def _from_status(status: int, detail: str, retry_after: float) -> LookalikeError:
    """For answers of gateways and proxies, which know nothing of our problems."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return OverloadedError(detail, retry_after=retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(detail, retry_after=retry_after)
    plain = _PLAIN.get(status)
    return plain(detail) if plain else InvalidRequestError("request", detail)


def _inner(context: Mapping[str, Any]) -> tuple[str, ...]:
    return (context["field"],) if "field" in context else ()


def _place(steps: tuple[int | str, ...]) -> str:
    # Steps in brackets are pydantic's own: a dictionary's key, a union's branch.
    written = [step for step in steps if not str(step).startswith(("[", "<"))]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in written)
    return text.removeprefix(".")
