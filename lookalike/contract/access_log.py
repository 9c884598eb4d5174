"""The access log: one record a request, whichever host it came through."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from http import HTTPMethod
from typing import Final

log = logging.getLogger("lookalike.access")

OTHER: Final = "other"
_METHODS: Final = frozenset(HTTPMethod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What may be known of a request.

    `route` is a template such as ``/v1/items/{id}``: the path itself names items and photos. Neither the query, the
    bodies, the tokens nor the caller's address are told; a proxy in front knows the address if a shop has to. `ms`
    is the time from the head's arrival to the answer's end; `received` and `sent` are bytes of bodies.
    """

    method: str
    route: str
    status: int
    ms: float
    request: str
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    received: int = 0
    sent: int = 0


_MEMBERS: Final = tuple(member.name for member in fields(Access))


def known_method(method: str) -> str:
    """`method` where HTTP knows it, else ``other``: a caller can make up any number of them."""
    return method if method in _METHODS else OTHER


def write_access(access: Access) -> None:
    """Log at INFO, to ``lookalike.access``; the members travel as the record's `fields`."""
    if log.isEnabledFor(logging.INFO):
        members = {name: getattr(access, name) for name in _MEMBERS}
        log.info("%s %s %d", access.method, access.route, access.status, extra={"fields": members})
