from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.bulk import GenerationMovedError, Patience
from lookalike.adapters.opensearch.errors import INDEX_NOT_FOUND, from_status, part_type, translated
from lookalike.adapters.opensearch.mapping import read_document_id
from lookalike.adapters.opensearch.query import MOST_HITS, Body, exact_cosine, exactly, nearest, nearest_cosine
from lookalike.errors import UnavailableError
from lookalike.ports.vector_index import Hit, VectorQuery

_AT_ONCE: Final = 100
"""Searches of one request."""
_FEWEST: Final = 100
"""Candidates of the first look, however small k is: what HNSW calls ef, and what recall depends on."""
_WIDER: Final = 8

Found = list[Hit]


def search_nearest(
    client: OpenSearch, index: str, alias: str, queries: Sequence[VectorQuery], patience: Patience
) -> list[Found]:
    """The hits of each query, looking wider for those where the first look left something open.

    Photos are what is near, items are what is asked for: where the nearest photos are too few items, or the last place
    is tied, more photos are looked at, and in the end all of them. `index` is the one `alias` is believed to lead to;
    raises `GenerationMovedError` where it does not.
    """
    found: list[Found] = [[] for _ in queries]
    looks = [_Look(number, query, max(_FEWEST, 2 * query.k)) for number, query in enumerate(queries)]
    while looks:
        answers = _ask(client, index, alias, [look.body() for look in looks], patience)
        open_looks = []
        for look, answer in zip(looks, answers, strict=True):
            if look.settles(answer):
                found[look.number] = _hits(answer, look.query.k, look.cosine)
            else:
                open_looks.append(look.wider(answer))
        looks = open_looks
    return found


def search_exactly(
    client: OpenSearch, index: str, alias: str, queries: Sequence[VectorQuery], patience: Patience
) -> list[Found]:
    """The hits of each query by comparing with every entry that passes its filter."""
    answers = _ask(client, index, alias, [exactly(query) for query in queries], patience)
    return [_hits(answer, query.k, exact_cosine) for query, answer in zip(queries, answers, strict=True)]


def ask_many(client: OpenSearch, alias: str, bodies: Sequence[Body], patience: Patience) -> Iterator[Mapping[str, Any]]:
    """The answer to each search, whole: a shard that did not answer makes it an error.

    Raises `GenerationMovedError` where the alias is gone, `OverloadedError` and `UnavailableError`.
    """
    # https://docs.opensearch.org/latest/api-reference/search-apis/multi-search/
    given = {"cancel_after_time_interval": f"{round(patience.search * 1000)}ms"}
    for start in range(0, len(bodies), _AT_ONCE):
        lines = [line for body in bodies[start : start + _AT_ONCE] for line in ({}, body)]
        with translated():
            answered = client.msearch(index=alias, body=lines, params=given)
        for answer in answered["responses"]:
            _check_whole(answer)
            yield answer


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at `candidates` photos for a query; at all of them where that is None."""

    number: int
    query: VectorQuery
    candidates: int | None

    def body(self) -> Body:
        return exactly(self.query) if self.candidates is None else nearest(self.query, min(self.candidates, MOST_HITS))

    def cosine(self, score: float) -> float:
        return exact_cosine(score) if self.candidates is None else nearest_cosine(score)

    def settles(self, answer: Mapping[str, Any]) -> bool:
        """Whether no photo outside the candidates could change the answer."""
        if self.candidates is None:
            return True
        hits, k = answer["hits"]["hits"], self.query.k
        if len(hits) > k and hits[k]["_score"] < hits[k - 1]["_score"]:
            return True
        return len(hits) >= k and self._saw_all(answer)

    def wider(self, answer: Mapping[str, Any]) -> "_Look":
        """Look at more; at all where few pass the filter, as that is cheap and does not depend on the graph."""
        at_limit = self.candidates is None or self.candidates >= MOST_HITS
        return _Look(
            self.number,
            self.query,
            None if at_limit or self._saw_all(answer) else (self.candidates or 0) * _WIDER,
        )

    def _saw_all(self, answer: Mapping[str, Any]) -> bool:
        # Each shard gives up to `candidates`; a sum below that means that each gave all it has.
        return self.candidates is not None and int(answer["hits"]["total"]["value"]) < min(self.candidates, MOST_HITS)


def _ask(
    client: OpenSearch, index: str, alias: str, bodies: Sequence[Body], patience: Patience
) -> list[Mapping[str, Any]]:
    answers = list(ask_many(client, alias, bodies, patience))
    if any(hit["_index"] != index for answer in answers for hit in answer["hits"]["hits"]):
        raise GenerationMovedError("the alias leads to another index than before")
    return answers


def _hits(answer: Mapping[str, Any], k: int, cosine: Callable[[float], float]) -> Found:
    found = [(*read_document_id(hit["_id"]), cosine(hit["_score"])) for hit in answer["hits"]["hits"][:k]]
    return [Hit(item, photo, score) for item, photo, score in found]


def _check_whole(answer: Mapping[str, Any]) -> None:
    kind = part_type(answer)
    if kind == INDEX_NOT_FOUND:
        raise GenerationMovedError("the alias is gone")
    if kind:
        raise from_status(answer["status"], kind)
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise UnavailableError("a part of the index did not answer")
