"""How much one peer may have of what all share."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import Request

from lookalike.errors import OverloadedError

SHARE: Final = 0.75
"""Of connections and slots, what one peer may hold: the rest is always there for others."""
_NETWORK_BITS: Final = 64  # what a provider gives one customer at least (RFC 6177)


def host_of(request: Request) -> str:
    """The address that a request came from."""
    return request.client.host if request.client else ""


def peer_of(host: str) -> str:
    """Whom an address stands for: itself, or for IPv6 its /64 network, of which anybody has a whole one."""
    try:
        address = ip_address(host)
    except ValueError:
        return host  # a proxy's or a test's own name
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> _NETWORK_BITS:x}/{_NETWORK_BITS}"


class Slots:
    """How much may be under way at once, in all and for each peer. For one event loop."""

    def __init__(self, most: int, what: str) -> None:
        self._free = most
        self._most_of_one = math.ceil(most * SHARE)
        self._what = what
        self._held: Counter[str] = Counter()

    @contextmanager
    def take(self, host: str) -> Iterator[None]:
        """Hold one slot. Raises `OverloadedError` where none is free: who would have to queue is told at once."""
        peer = peer_of(host)
        if self._free == 0 or self._held[peer] >= self._most_of_one:
            raise OverloadedError(f"too many {self._what} are under way", retry_after=1.0)
        self._free -= 1
        self._held[peer] += 1
        try:
            yield
        finally:
            self._free += 1
            self._held[peer] -= 1
            self._held += Counter()  # forgets who holds none
