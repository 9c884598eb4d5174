"""What opensearch-py raises and what OpenSearch writes beside the parts of a bulk or a multi-search, in our words.

Messages name the kind of error and nothing else: reasons hold names of indexes and hosts, and ours may reach a client.
The original is kept as the error's cause.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opensearchpy.exceptions import (
    ConnectionError,  # noqa: A004 - opensearch-py's own name; Python's would never be raised by it
    ImproperlyConfigured,
    OpenSearchDslException,
    OpenSearchException,
    OpenSearchWarning,
    SerializationError,
    TransportError,
)

from lookalike.errors import ConflictError, LookalikeError, NotFoundError, OverloadedError, UnavailableError

_REPAIR: Final = 60.0
"""Seconds after which to try again where a person has to put the deployment right first."""
_CONFLICT: Final = 409
_NOT_FOUND: Final = 404
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500

INDEX_NOT_FOUND: Final = "index_not_found_exception"
INDEX_EXISTS: Final = "resource_already_exists_exception"
MAPPER_PARSING: Final = "mapper_parsing_exception"


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of opensearch-py's out: raise what `translation` makes of it instead."""
    try:
        yield
    except (OpenSearchException, OpenSearchDslException, ImproperlyConfigured, OpenSearchWarning) as error:
        raise translation(error) from error


def translation(error: Exception) -> LookalikeError:
    """The error of ours that one of opensearch-py's stands for; every one stands for some."""
    if isinstance(error, ConnectionError | SerializationError):
        # An answer that is no JSON comes from what stands in front of OpenSearch while that is away.
        return UnavailableError(f"no answer from OpenSearch ({type(error).__name__})")
    if isinstance(error, TransportError) and isinstance(error.status_code, int):
        return from_status(error.status_code, error_type(error))
    return UnavailableError(f"the deployment is at fault ({type(error).__name__})", retry_after=_REPAIR)


def from_status(status: int, kind: str) -> LookalikeError:
    """The error of ours for an HTTP status and OpenSearch's word, e.g. 429 and ``circuit_breaking_exception``.

    A refusal (401, 403) is the deployment's fault and not the shopper's: either its role may not do this or a full
    disk has made the index read-only. So is a request (400, 413) that we should not have made.
    """
    message = f"OpenSearch answered {status} ({kind})"
    if status == _NOT_FOUND:
        return NotFoundError(message)
    if status == _CONFLICT:
        return ConflictError(message)
    if status == _TOO_MANY_REQUESTS:
        return OverloadedError(message)
    return UnavailableError(message) if status >= _SERVER_ERROR else UnavailableError(message, retry_after=_REPAIR)


def error_type(error: TransportError) -> str:
    """OpenSearch's word for what went wrong, e.g. ``index_not_found_exception``."""
    return str(error.error) if len(error.args) > 1 else "unknown"


def part_type(part: Mapping[str, Any]) -> str:
    """The word in one part of a bulk's or a multi-search's answer; empty where that part succeeded."""
    error = part.get("error")
    if not error:
        return ""
    return str(error.get("type", "unknown")) if isinstance(error, Mapping) else str(error)[:80]
