"""Bodies of searches, and what OpenSearch's scores mean."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.filter import Filter, Match
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import VectorQuery

MOST_HITS: Final = 10_000
"""OpenSearch's own limit to k (docs: k-NN query) and to hits (`index.max_result_window`)."""
_MOST_LABELS: Final = 101
"""As many as an item can have, its category's among them."""

Body = dict[str, Any]


def nearest(query: VectorQuery, candidates: int) -> Body:
    """The items of the `candidates` nearest photos among those that pass the filter, which is part of the search."""
    knn: Body = {"vector": query.embedding.vector.tolist(), "k": candidates}
    passing = _passing(query)
    if passing:
        knn["filter"] = passing
    return _best_of_each_item({"knn": {"vector": knn}}, query.k)


def exactly(query: VectorQuery) -> Body:
    """Like `nearest` by comparing with every entry that passes the filter.

    Of the spaces of OpenSearch's `knn_score`, l2 is asked for, which puts unit vectors in the very order of their
    cosines: what it answers for cosinesimil is not the same in every version (1 + cosine, or half of that).
    """
    among = _passing(query) or {"match_all": {}}
    params = {"field": "vector", "query_value": query.embedding.vector.tolist(), "space_type": "l2"}
    script = {"source": "knn_score", "lang": "knn", "params": params}
    return _best_of_each_item({"script_score": {"query": among, "script": script}}, query.k)


def nearest_cosine(score: float) -> float:
    """The cosine in [-1, 1] behind a score of `nearest`, exact to 2e-7.

    Lucene's `VectorSimilarityFunction.COSINE` is (1 + cosine) / 2, in float32.
    """
    return _within(2 * score - 1)


def exact_cosine(score: float) -> float:
    """The cosine in [-1, 1] behind a score of `exactly`, exact to 5e-7 where lengths are.

    The score is 1 / (1 + distance^2) in float32 (OpenSearch's documentation, "k-NN search with script score"), and
    the distance^2 of unit vectors is 2 - 2 cosine.
    """
    return _within((3 - 1 / score) / 2)


def of_items(items: Sequence[ItemId], size: int, after: Sequence[str] | None) -> Body:
    """One page of the entries of these items with their labels, in the order of their keys."""
    return {**of_all(size, after), "query": {"terms": {"item": list(items)}}}


def of_all(size: int, after: Sequence[str] | None) -> Body:
    """One page of all entries with their labels, in the order of their keys."""
    body: Body = {
        "size": size,
        "_source": ["labels"],
        "track_total_hits": False,
        "query": {"match_all": {}},
        "sort": [{"item": "asc"}, {"photo": "asc"}],
    }
    return body | ({"search_after": list(after)} if after else {})


def of_photos(photos: Sequence[PhotoId], model: ModelVersion) -> Body:
    """The vectors of these photos, each once, where the live generation is of `model`."""
    clauses: list[Body] = [{"terms": {"photo": list(photos)}}, {"term": {"model": model}}]
    return {
        "size": len(photos),
        "_source": ["vector"],
        "track_total_hits": False,
        "query": {"bool": {"filter": clauses}},
        "collapse": {"field": "photo"},
    }


def has_facet(facet: str) -> Body:
    """Counts one entry that has a label of this facet, or none; stops at the first."""
    return {"size": 0, "terminate_after": 1, "query": {"term": {"facets": facet}}}


def _best_of_each_item(query: Body, k: int) -> Body:
    # One more than k, to see whether the last place is tied.
    return {
        "size": k + 1,
        "_source": False,
        "track_total_hits": True,
        "query": query,
        "collapse": {"field": "item"},
        "sort": [{"_score": "desc"}, {"item": "asc"}, {"photo": "asc"}],
    }


def _passing(query: VectorQuery) -> Body:
    required, refused = _clauses(query.filter)
    if query.excluded:
        refused.append({"terms": {"item": sorted(query.excluded)}})
    parts = {"filter": required, "must_not": refused}
    given = {name: clauses for name, clauses in parts.items() if clauses}
    return {"bool": given} if given else {}


def _clauses(filter_: Filter) -> tuple[list[Body], list[Body]]:
    by_match: dict[Match, list[frozenset[Label]]] = {match: [] for match in Match}
    for clause in filter_.clauses:
        by_match[clause.match].append(clause.labels)
    required: list[Body] = [{"terms": {"labels": _texts(labels)}} for labels in by_match[Match.ANY]]
    # Each label is a clause of its own, of which OpenSearch allows 1,024 a query; no item has more than 101 of them.
    demanded = _texts(frozenset().union(*by_match[Match.ALL]))
    required += [{"term": {"labels": text}} for text in demanded] if len(demanded) <= _MOST_LABELS else [_NOTHING]
    refused = _texts(frozenset().union(*by_match[Match.NONE]))
    return required, [{"terms": {"labels": refused}}] if refused else []


_NOTHING: Final[Body] = {"match_none": {}}


def _texts(labels: Iterable[Label]) -> list[str]:
    return sorted(map(str, labels))


def _within(cosine: float) -> float:
    return max(-1.0, min(1.0, cosine))
