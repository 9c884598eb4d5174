from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack


def index(stack: Stack) -> Iterator[Line]:
    """OpenSearch: data nodes, their volumes, dedicated managers."""
    shape, prices = stack.shape.index, stack.prices
    yield Line(
        component="index",
        what=f"{shape.nodes} x {shape.instance_type}",
        quantity=shape.nodes * HOURS_A_MONTH,
        price=prices[f"opensearch.{shape.instance_type}"],
    )
    yield Line(
        component="index",
        what=f"{shape.nodes} x {shape.volume_gb} GiB gp3",
        quantity=shape.nodes * shape.volume_gb,
        price=prices["opensearch.gp3"],
    )
    if shape.managers:
        yield Line(
            component="index",
            what=f"{shape.managers} x {shape.manager_type}, managers",
            quantity=shape.managers * HOURS_A_MONTH,
            price=prices[f"opensearch.{shape.manager_type}"],
        )
