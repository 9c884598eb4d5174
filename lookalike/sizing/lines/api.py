from collections.abc import Iterator

from lookalike.sizing.line import Line, Stack


def api(stack: Stack) -> Iterator[Line]:
    """API Gateway, and sign-ins of shoppers beyond those that are free."""
    demand, assumed = stack.demand, stack.assumed
    # The upload itself goes to S3, past the API.
    uploads = demand.uploads_a_month * assumed.requests_an_upload
    searches = demand.searches_a_month * (1 + assumed.thumbnails_a_search)
    yield Line(
        component="api", what="requests", quantity=(uploads + searches) / 1e6, price=stack.prices["api.requests"]
    )
    yield Line(
        component="api",
        what="user pool, beyond 10,000 shoppers",
        quantity=assumed.shoppers_a_month,
        price=stack.prices["cognito.shoppers"],
    )
