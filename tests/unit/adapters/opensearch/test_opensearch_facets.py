from typing import Any

import pytest

from lookalike.adapters.opensearch.bulk import Patience
from lookalike.adapters.opensearch.facets import KnownFacets
from lookalike.domain.filter import Filter
from lookalike.errors import UnknownFacetError
from lookalike.testing.examples import OTHER_SHOP, SHOP

RED = [Filter.of(any_of=["colour:red"])]


def counted(total: int) -> tuple[int, dict[str, Any]]:
    answer = {"status": 200, "timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": total}}}
    return 200, {"responses": [answer]}


def test_a_facet_that_was_there_is_not_asked_for_again_for_half_a_minute(script: Any) -> None:
    client, asked = script(counted(1))
    now = [0.0]
    facets = KnownFacets(client, Patience(), monotonic=lambda: now[0])
    for now[0], requests in ((0.0, 1), (29.0, 1), (31.0, 2)):
        facets.check(SHOP, "lookalike_shop", RED)
        assert len(asked) == requests
    facets.forget(SHOP)
    facets.check(SHOP, "lookalike_shop", RED)
    assert len(asked) == 3


def test_a_facet_that_was_missing_is_found_as_soon_as_it_is_there(script: Any) -> None:
    client, _ = script(counted(0), counted(1))
    facets = KnownFacets(client, Patience())
    with pytest.raises(UnknownFacetError, match="colour"):
        facets.check(SHOP, "lookalike_shop", RED)
    facets.check(SHOP, "lookalike_shop", RED)


def test_what_one_catalogue_has_says_nothing_of_another(script: Any) -> None:
    client, asked = script(counted(1), counted(0))
    facets = KnownFacets(client, Patience())
    facets.check(SHOP, "lookalike_shop", RED)
    with pytest.raises(UnknownFacetError):
        facets.check(OTHER_SHOP, "lookalike_other-shop", RED)
    assert [url for _, url, _ in asked] == ["/lookalike_shop/_msearch", "/lookalike_other-shop/_msearch"]


def test_no_filter_asks_nothing(script: Any) -> None:
    client, asked = script(counted(0))
    KnownFacets(client, Patience()).check(SHOP, "lookalike_shop", [Filter()])
    assert asked == []
