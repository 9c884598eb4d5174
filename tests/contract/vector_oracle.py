"""Entries to search among, and what a search of all of them finds."""

from collections.abc import Iterable

import numpy as np
import pytest

from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import Hit, IndexEntry, VectorQuery
from lookalike.testing.examples import an_embedding, item_id, photo_id

COLOURS = ("red", "green", "blue", "black")
ENTRIES = 400  # photos; two an item
CLOSE = 1e-3  # as far as a store may round a score

Entries = dict[tuple[ItemId, PhotoId], IndexEntry]


def an_entry(item: int, photo: int, *labels: str) -> IndexEntry:
    return IndexEntry(item_id(item), photo_id(photo), frozenset(map(Label.parse, labels)), an_embedding(photo))


def some_entries() -> list[IndexEntry]:
    def labels(item: int) -> tuple[str, ...]:
        category = "skirt" if item % 3 else "dress"
        return (f"category:{category}", f"colour:{COLOURS[item % 4]}", f"size:{item % 12}")

    return [an_entry(photo // 2, photo, *labels(photo // 2)) for photo in range(ENTRIES)]


def ask(number: int = 1000, k: int = 10, *, filter_: Filter | None = None, excluded: Iterable[int] = ()) -> VectorQuery:
    return VectorQuery(an_embedding(number), filter_ or Filter(), k, frozenset(map(item_id, excluded)))


def oracle(entries: Iterable[IndexEntry], query: VectorQuery) -> list[tuple[ItemId, float]]:
    scores: dict[ItemId, float] = {}
    for entry in entries:
        if query.filter.holds(entry.labels) and entry.item not in query.excluded:
            score = float(np.dot(entry.embedding.vector, query.embedding.vector))
            scores[entry.item] = max(score, scores.get(entry.item, -2))
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[: query.k]


def check(hits: list[Hit], entries: Entries, query: VectorQuery) -> None:
    """The hits are the best there are, each with the score of a photo of its own, best first, one an item."""
    expected = oracle(entries.values(), query)
    assert len(hits) == len(expected)
    assert len({hit.item for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=CLOSE)
    for hit in hits:
        entry = entries[hit.item, hit.photo]
        assert query.filter.holds(entry.labels)
        assert hit.item not in query.excluded
        assert hit.score == pytest.approx(entry.embedding.cosine(query.embedding), abs=CLOSE)


def keyed(entries: Iterable[IndexEntry]) -> Entries:
    return {(entry.item, entry.photo): entry for entry in entries}
