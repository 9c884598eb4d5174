"""Requests made from the OpenAPI document, sent to the real application over a catalogue in memory."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks
from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.site import site_of
from lookalike.contract.asgi import build_app
from lookalike.contract.openapi import openapi_document
from lookalike.domain.item import Item, ItemId
from lookalike.embedded import EmbeddedCatalogue
from lookalike.testing import FakeEmbedder

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)
NOT_HERE = {
    # A schema cannot say all that makes a request valid: printable characters, facets that exist, a region's inside.
    "positive_data_acceptance",
    # Those two ask for a request to be repeated on a server of its own.
    "ensure_resource_availability",
    "use_after_free",
}

load_all_checks()
CHECKED = [check for check in CHECKS.get_all() if check.__name__ not in NOT_HERE]
schema = schemathesis.openapi.from_dict(openapi_document())


_apps: list[ASGIApp] = []


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """What the fixture below opens: the document is read before it, for each operation is a test."""
    await _apps[-1](scope, receive, send)


schema.app = _app


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with EmbeddedCatalogue(open_stores(None), FakeEmbedder()) as catalogue:
        catalogue.put_items([Item(ItemId("red-dress"), "dress")])
        _apps.append(build_app(site_of(catalogue, TOKEN)))
        yield


@schema.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKED)
