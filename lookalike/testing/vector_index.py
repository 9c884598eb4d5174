import threading
from collections.abc import Sequence
from dataclasses import replace

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.generation import IndexGeneration
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import UnknownFacetError, VersionMismatchError
from lookalike.ports.clock import Clock
from lookalike.ports.vector_index import EntryLabels, Hit, IndexEntry, VectorQuery
from lookalike.testing.clock import FixedClock

_Entries = dict[tuple[ItemId, PhotoId], IndexEntry]


class InMemoryVectorIndex:
    """Compares with every entry, one by one; one generation a catalogue."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or FixedClock()
        self._generations: dict[CatalogueId, IndexGeneration] = {}
        self._entries: dict[CatalogueId, _Entries] = {}
        self._lock = threading.Lock()

    def _own(self, catalogue: CatalogueId) -> _Entries:
        return self._entries.setdefault(catalogue, {})

    def _check(self, catalogue: CatalogueId, model: ModelVersion) -> None:
        live = self._generations.get(catalogue)
        if live is not None and live.model != model:
            raise VersionMismatchError("model", f"the index holds vectors of {live.model}, not of {model}")

    def upsert_many(self, catalogue: CatalogueId, entries: Sequence[IndexEntry]) -> None:
        """Insert or replace entries."""
        for entry in entries:
            self._check(catalogue, entry.embedding.model)
            entries[0].embedding.cosine(entry.embedding)
        if entries and catalogue not in self._generations:
            model = entries[0].embedding.model
            self._generations[catalogue] = IndexGeneration(1, model, True, 0, self._clock.now())
        with self._lock:  # and a new dictionary, as others may be searching the old one
            self._entries[catalogue] = self._own(catalogue) | {(entry.item, entry.photo): entry for entry in entries}

    def relabel_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Give every entry of these items the labels they have now."""
        labels = {item.id: item.all_labels for item in items}
        with self._lock:
            own = self._own(catalogue).items()
            self._entries[catalogue] = {k: replace(e, labels=labels.get(e.item, e.labels)) for k, e in own}

    def remove_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> None:
        """Forget every entry of these items."""
        with self._lock:
            own = self._own(catalogue).items()
            self._entries[catalogue] = {key: entry for key, entry in own if entry.item not in items}

    def remove_entries(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Forget single entries."""
        with self._lock:
            own = self._own(catalogue).items()
            self._entries[catalogue] = {key: entry for key, entry in own if key not in set(pairs)}

    def page_entries(
        self, catalogue: CatalogueId, after: tuple[ItemId, PhotoId] | None, limit: int
    ) -> list[EntryLabels]:
        """Up to `limit` entries in the order of item and photo, starting behind `after`."""
        entries = sorted(self._own(catalogue).items(), key=lambda pair: pair[0])
        behind = [entry for key, entry in entries if after is None or key > after][:limit]
        return [EntryLabels(entry.item, entry.photo, entry.labels) for entry in behind]

    def find_embeddings(
        self, catalogue: CatalogueId, model: ModelVersion, photos: Sequence[PhotoId]
    ) -> dict[PhotoId, Embedding]:
        """The embeddings there are in the live generation if it is of `model`."""
        entries = self._own(catalogue).values()
        return {e.photo: e.embedding for e in entries if e.photo in photos and e.embedding.model == model}

    def search_many(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """For each query its hits, best first, at most one an item."""
        return [self._search(catalogue, query) for query in queries]

    search_exactly = search_many

    def _search(self, catalogue: CatalogueId, query: VectorQuery) -> list[Hit]:
        self._check(catalogue, query.embedding.model)
        entries = self._own(catalogue).values()
        facets = {label.facet for entry in entries for label in entry.labels}
        for label in (label for clause in query.filter.clauses for label in clause.labels):
            if label.facet not in facets:
                raise UnknownFacetError("filter", f"no item has a label of the facet {label.facet}")
        best: dict[ItemId, Hit] = {}
        for entry in sorted(entries, key=lambda entry: entry.photo):
            hit = Hit(entry.item, entry.photo, query.embedding.cosine(entry.embedding))
            if entry.item in query.excluded or not query.filter.holds(entry.labels):
                continue
            if entry.item not in best or hit.score > best[entry.item].score:
                best[entry.item] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.item))[: query.k]

    def generations(self, catalogue: CatalogueId) -> tuple[IndexGeneration, ...]:
        """The one build there is."""
        live = self._generations.get(catalogue)
        return (replace(live, entries=len(self._own(catalogue))),) if live else ()
