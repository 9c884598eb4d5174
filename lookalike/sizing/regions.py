from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack

_MB_A_GB = 1e3


def replication(stack: Stack, regions: int) -> Iterator[Line]:
    """What several regions cost beside standing in each: photos and rows copied, and names that lead to the nearest."""
    if regions == 1:
        return
    copies = regions - 1
    copied = stack.demand.uploads_a_month * copies
    for what, quantity, key in (
        ("originals to other regions", copied * stack.assumed.original_mb / _MB_A_GB, "transfer.regions"),
        ("rows to other regions", copied * stack.assumed.writes_an_upload / 1e6, "dynamodb.replicated_writes"),
        ("hosted zone", 1.0, "route53.zones"),
        ("names asked for, by latency", stack.demand.searches_a_month * regions / 1e6, "route53.queries"),
    ):
        yield Line(component="regions", what=what, quantity=quantity, price=stack.prices[key])
