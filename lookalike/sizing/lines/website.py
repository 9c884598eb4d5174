from collections.abc import Iterator
from typing import Final

from lookalike.sizing.line import Line, Stack

_SEARCHES_A_VISIT = 5
_PAGE_GB = 100 / 1e6
_REQUESTS_A_VISIT = 6
FIREWALL_RULES: Final = 4
"""Priced each: the limit of one address, and three lists of AWS's."""


def website(stack: Stack) -> Iterator[Line]:
    """CloudFront, and its firewall, before the shopper's page: about 100 KB a visit, and five searches in each."""
    visits = stack.demand.searches_a_month / _SEARCHES_A_VISIT
    yield Line(component="website", what="the page", quantity=visits * _PAGE_GB, price=stack.prices["cloudfront.data"])
    yield Line(
        component="website",
        what="requests",
        quantity=visits * _REQUESTS_A_VISIT / 1e4,
        price=stack.prices["cloudfront.requests"],
    )
    if stack.shape.firewall:
        asked = visits * _REQUESTS_A_VISIT / 1e6
        for what, quantity, key in (
            ("firewall", 1.0, "waf.acls"),
            ("its rules", float(FIREWALL_RULES), "waf.rules"),
            ("what it looks at", asked, "waf.requests"),
        ):
            yield Line(component="website", what=what, quantity=quantity, price=stack.prices[key])
