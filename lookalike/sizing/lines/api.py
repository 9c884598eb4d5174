from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack


def api(stack: Stack) -> Iterator[Line]:
    """API Gateway, and the user pool's clients, which ask for a token an hour."""
    demand, assumed = stack.demand, stack.assumed
    # The upload itself goes to S3, past the API.
    uploads = demand.uploads_a_month * assumed.requests_an_upload
    searches = demand.searches_a_month * (1 + assumed.thumbnails_a_search)
    yield Line(
        component="api", what="requests", quantity=(uploads + searches) / 1e6, price=stack.prices["api.requests"]
    )
    yield Line(component="api", what="clients", quantity=assumed.clients, price=stack.prices["cognito.clients"])
    yield Line(
        component="api",
        what="their tokens",
        quantity=assumed.clients * HOURS_A_MONTH / 1e3,
        price=stack.prices["cognito.tokens"],
    )
