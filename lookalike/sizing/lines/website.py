from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack

_SEARCHES_A_VISIT = 5
_PAGE_GB = 100 / 1e6
_REQUESTS_A_VISIT = 6


def website(stack: Stack) -> Iterator[Line]:
    """CloudFront before the shopper's page: about 100 KB a visit, and five searches in each."""
    visits = stack.demand.searches_a_month / _SEARCHES_A_VISIT
    yield Line(component="website", what="the page", quantity=visits * _PAGE_GB, price=stack.prices["cloudfront.data"])
    yield Line(
        component="website",
        what="requests",
        quantity=visits * _REQUESTS_A_VISIT / 1e4,
        price=stack.prices["cloudfront.requests"],
    )
