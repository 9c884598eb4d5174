from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.generation import IndexGeneration
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One photo of one item, as it can be found. `labels` are the item's, its category's among them.

    (item, photo) is the key: a photo that shows two items has two entries.
    """

    item: ItemId
    photo: PhotoId
    labels: frozenset[Label]
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class EntryLabels:
    """An entry's key and the labels by which it can be found."""

    item: ItemId
    photo: PhotoId
    labels: frozenset[Label]


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """The k items nearest to `embedding` among those that pass `filter`, `excluded` left out."""

    embedding: Embedding
    filter: Filter
    k: int
    excluded: frozenset[ItemId] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """An item found by its best photo; `score` is the cosine in [-1, 1]."""

    item: ItemId
    photo: PhotoId
    score: float


class VectorIndex(Protocol):
    """Finds the nearest photos among those that pass a filter.

    A catalogue has at most one live generation, which readers see and which belongs to one model; entries and
    queries of another model raise `VersionMismatchError`. The first upsert into a catalogue without any makes
    generation 1, live at once.
    """

    def upsert_many(self, catalogue: CatalogueId, entries: Sequence[IndexEntry]) -> None:
        """Insert or replace entries; findable and durable when this returns. Doing it again changes nothing."""
        ...

    def relabel_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Give every entry of these items the labels they have now; items without entries are ignored.

        Entries that have them already cost no write.
        """
        ...

    def remove_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> None:
        """Forget every entry of these items; unknown ones are ignored."""
        ...

    def remove_entries(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Forget single entries; unknown ones are ignored."""
        ...

    def page_entries(
        self, catalogue: CatalogueId, after: tuple[ItemId, PhotoId] | None, limit: int
    ) -> list[EntryLabels]:
        """Up to `limit` (≤ 1,000) entries in the order of item and photo, starting behind `after`."""
        ...

    def find_embeddings(
        self, catalogue: CatalogueId, model: ModelVersion, photos: Sequence[PhotoId]
    ) -> dict[PhotoId, Embedding]:
        """The embeddings there are in the live generation if it is of `model`; others are left out."""
        ...

    def search_many(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """For each query its hits, best first, at most one an item.

        The filter is part of the search: when k items pass it, k come back (fewer only when fewer pass).
        Ties are broken by item id. A label of a facet that no entry has raises `UnknownFacetError`.
        """
        ...

    def search_exactly(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """Like `search_many` by comparing with every entry: the yardstick of recall, and slow."""
        ...

    def generations(self, catalogue: CatalogueId) -> tuple[IndexGeneration, ...]:
        """All builds there are, oldest first."""
        ...
