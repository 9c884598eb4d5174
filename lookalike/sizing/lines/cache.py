from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack


def cache(stack: Stack) -> Iterator[Line]:
    """ElastiCache for Valkey, and the secret that opens it."""
    shape = stack.shape.cache
    if shape is None:
        return
    yield Line(
        component="cache",
        what=f"{shape.nodes} x {shape.node_type}",
        quantity=shape.nodes * HOURS_A_MONTH,
        price=stack.prices[shape.node_type],
    )
    yield Line(component="cache", what="secret", quantity=1, price=stack.prices["secret.months"])
