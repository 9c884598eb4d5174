"""A request and a response as the dispatcher sees them, whichever host they came through."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lookalike.domain.catalogue import CatalogueId


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom the host has verified, and the one catalogue that is theirs."""

    catalogue: CatalogueId


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path` and `query` (what follows the question mark) are percent-encoded as they came; header names lower-case.

    `caller` comes from the host's own check of the token, never from what the request says.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What the host has to send."""

    status: int
    headers: Mapping[str, str]
    body: bytes
