from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack

_KB_A_GB = 1e6


def tables(stack: Stack) -> Iterator[Line]:
    """DynamoDB on demand: writes, reads, what is kept, and the copies that allow going back to any second."""
    uploads, searches, assumed = stack.demand.uploads_a_month, stack.demand.searches_a_month, stack.assumed
    kept = stack.demand.photos * assumed.rows_kb / _KB_A_GB
    for what, quantity, key in (
        ("writes", uploads * assumed.writes_an_upload / 1e6, "dynamodb.writes"),
        (
            "reads",
            (uploads * assumed.reads_an_upload + searches * assumed.reads_a_search) / 1e6,
            "dynamodb.reads",
        ),
        ("storage", kept, "dynamodb.storage"),
        ("point-in-time recovery", kept, "dynamodb.backup"),
    ):
        yield Line(component="tables", what=what, quantity=quantity, price=stack.prices[key])
