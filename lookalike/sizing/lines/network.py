from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack

_KB_A_GB = 1e6


def network(stack: Stack) -> Iterator[Line]:
    """Gateways to the internet, private endpoints, and bytes: to shoppers, and between zones."""
    shape, prices, demand, assumed = stack.shape, stack.prices, stack.demand, stack.assumed
    shown = assumed.answer_kb + assumed.thumbnails_a_search * assumed.thumbnail_kb
    # A prepared photo crosses to a zone that has a Triton server, a vector to one that has the shard.
    crossing = (demand.uploads_a_month + demand.searches_a_month) * assumed.prepared_kb / _KB_A_GB
    for what, quantity, key in (
        (f"{shape.nat_gateways} NAT gateways", shape.nat_gateways * HOURS_A_MONTH, "nat.hours"),
        ("their public addresses", shape.nat_gateways * HOURS_A_MONTH, "address.hours"),
        ("through NAT", shape.nat_gateways * assumed.nat_gb_a_zone, "nat.data"),
        (
            f"{shape.interface_endpoints} interface endpoints in {shape.zones} zones",
            shape.interface_endpoints * shape.zones * HOURS_A_MONTH,
            "endpoint.hours",
        ),
        ("answers and thumbnails to shoppers", demand.searches_a_month * shown / _KB_A_GB, "transfer.out"),
        ("between zones", crossing, "transfer.zones"),
    ):
        if quantity or key == "transfer.out":
            yield Line(component="network", what=what, quantity=quantity, price=prices[key])
