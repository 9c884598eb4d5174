from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

_LARGEST, _SMALLEST = 16, 24
_QUARTER: Final = 2  # bits
_RESERVED: Final = 5


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """Which addresses each zone has, one block a zone in the zones' order."""

    private: tuple[IPv4Network, ...]
    public: tuple[IPv4Network, ...]

    @property
    def private_addresses(self) -> int:
        """How many machines, functions and pods a zone takes; AWS keeps five addresses of each subnet to itself.

        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
        """
        return self.private[0].num_addresses - _RESERVED


def plan_addresses(cidr: str, zones: int) -> AddressPlan:
    """The plan of a network of 2 or 3 `zones`: a quarter of `cidr` for each zone, a sixteenth for its public side.

    A third zone added later moves nothing. ``10.0.0.0/16`` gives each zone a /18 and a /20, and the smallest network,
    a /24, a /26 and a /28, which is the smallest subnet that AWS makes. Raises `ValueError`.
    """
    if zones not in {2, 3}:
        raise ValueError(f"a network has 2 or 3 zones, not {zones}")
    whole = _network(cidr)
    *quarters, last = whole.subnets(prefixlen_diff=_QUARTER)
    return AddressPlan(tuple(quarters[:zones]), tuple(last.subnets(prefixlen_diff=_QUARTER))[:zones])


def _network(cidr: str) -> IPv4Network:
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{cidr!r} is not a block of addresses such as 10.0.0.0/16: {error}") from error
    if not network.is_private:
        raise ValueError(f"{cidr} is not a private block (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
    if not _LARGEST <= network.prefixlen <= _SMALLEST:
        raise ValueError(f"{cidr} must be from /{_LARGEST} to /{_SMALLEST}")
    return network
