import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.opensearch.query import exact_cosine, exactly, nearest, nearest_cosine, of_items
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.label import Label
from lookalike.ports.vector_index import VectorQuery
from lookalike.testing.examples import an_embedding, item_id


def ask(filter_: Filter | None = None, excluded: tuple[int, ...] = ()) -> VectorQuery:
    return VectorQuery(an_embedding(1), filter_ or Filter(), 10, frozenset(map(item_id, excluded)))


def test_the_filter_is_inside_the_search() -> None:
    filter_ = Filter.of(any_of=["colour:red", "colour:blue"], all_of=["size:7", "fit:slim"], none_of=["collar:polo"])
    knn = nearest(ask(filter_, (3,)), 100)["query"]["knn"]["vector"]
    assert knn["k"] == 100
    assert knn["filter"]["bool"] == {
        "filter": [
            {"terms": {"labels": ["colour:blue", "colour:red"]}},
            {"term": {"labels": "fit:slim"}},
            {"term": {"labels": "size:7"}},
        ],
        "must_not": [{"terms": {"labels": ["collar:polo"]}}, {"terms": {"item": ["sku-000003"]}}],
    }


def test_no_filter_asks_for_none() -> None:
    assert "filter" not in nearest(ask(), 100)["query"]["knn"]["vector"]
    assert exactly(ask())["query"]["script_score"]["query"] == {"match_all": {}}


def test_the_largest_filter_stays_within_the_clauses_of_a_query() -> None:
    """OpenSearch refuses a query of more than 1,024 clauses."""
    clauses = tuple(
        LabelClause(match, frozenset(Label("size", f"{n}-{value}") for value in range(100)))
        for n, match in enumerate([Match.ALL, Match.ALL, Match.ANY, Match.NONE] * 8)
    )
    body = json.dumps(nearest(ask(Filter(clauses)), 100))
    assert body.count('"term"') + body.count('"terms"') + body.count('"match_none"') < 50


def test_more_labels_than_an_item_can_have_match_nothing() -> None:
    all_of = [LabelClause(Match.ALL, frozenset(Label("size", str(n + k)) for n in range(60))) for k in (0, 60)]
    assert nearest(ask(Filter(tuple(all_of))), 100)["query"]["knn"]["vector"]["filter"] == {
        "bool": {"filter": [{"match_none": {}}]}
    }


def test_one_more_than_k_is_asked_for_to_see_ties() -> None:
    body = nearest(ask(), 100)
    assert body["size"] == 11
    assert body["collapse"] == {"field": "item"}
    assert body["sort"][:2] == [{"_score": "desc"}, {"item": "asc"}]


def test_pages_go_on_after_the_last() -> None:
    assert "search_after" not in of_items([item_id(1)], 10, None)
    assert of_items([item_id(1)], 10, ["a", "b"])["search_after"] == ["a", "b"]


@given(st.floats(-1, 1))
def test_scores_become_the_cosines_they_came_from(cosine: float) -> None:
    assert nearest_cosine((1 + cosine) / 2) == pytest.approx(cosine, abs=1e-12)
    assert exact_cosine(1 / (1 + (2 - 2 * cosine))) == pytest.approx(cosine, abs=1e-12)


def test_rounding_never_leaves_the_range() -> None:
    assert nearest_cosine(1.0000001) == exact_cosine(1.0000001) == 1
    assert nearest_cosine(-1e-7) == exact_cosine(0.1999999) == -1
