from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack


def cache(stack: Stack) -> Iterator[Line]:
    """ElastiCache for Valkey; roles open it, so there is no secret to pay for."""
    shape = stack.shape.cache
    if shape is None:
        return
    yield Line(
        component="cache",
        what=f"{shape.nodes} x {shape.node_type}",
        quantity=shape.nodes * HOURS_A_MONTH,
        price=stack.prices[shape.node_type],
    )
