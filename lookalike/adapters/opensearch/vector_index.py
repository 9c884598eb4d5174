from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeVar

import numpy as np
from opensearchpy import OpenSearch

from lookalike.adapters.opensearch import bulk, query
from lookalike.adapters.opensearch.bulk import GenerationMovedError, Patience
from lookalike.adapters.opensearch.errors import translated
from lookalike.adapters.opensearch.facets import KnownFacets
from lookalike.adapters.opensearch.generations import Build, Generations
from lookalike.adapters.opensearch.mapping import IndexLayout, document_id, read_document_id
from lookalike.adapters.opensearch.search import ask_many, search_exactly, search_nearest
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.generation import IndexGeneration
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import (
    ConflictError,
    InvalidRequestError,
    UnavailableError,
    UnknownFacetError,
    VersionMismatchError,
)
from lookalike.ports.clock import Clock
from lookalike.ports.vector_index import EntryLabels, Hit, IndexEntry, VectorQuery

_ITEMS: Final = 200
_ENTRIES: Final = 2000
_PHOTOS: Final = 500
_SWEEPS: Final = 50
"""Times that entries of removed items are looked for; each sweep takes up to `_ENTRIES` of `_ITEMS` items."""

T = TypeVar("T")
How = Callable[[OpenSearch, str, str, Sequence[VectorQuery], Patience], list[list[Hit]]]


class OpenSearchVectorIndex:
    """An index a generation behind an alias a catalogue, in OpenSearch's k-NN with Lucene's HNSW graphs.

    Any number of processes read and write at once. What a process remembers of a catalogue is checked by the index
    itself on every use, so that an alias that moves is followed at once. Raises `UnavailableError` and
    `OverloadedError` as well as what the port names. The caller closes `client`.
    """

    def __init__(
        self, client: OpenSearch, clock: Clock, layout: IndexLayout | None = None, patience: Patience | None = None
    ) -> None:
        self._client = client
        self._layout = layout or IndexLayout()
        self._patience = patience or Patience()
        self._generations = Generations(client, self._layout, clock)
        self._facets = KnownFacets(client, self._patience)

    def upsert_many(self, catalogue: CatalogueId, entries: Sequence[IndexEntry]) -> None:
        """Insert or replace entries; findable and durable when this returns. Doing it again changes nothing."""
        if not entries:
            return
        models = {entry.embedding.model for entry in entries}
        if len(models) > 1:
            raise VersionMismatchError("model", f"entries of {len(models)} models cannot share an index")
        actions = {(entry.item, entry.photo): bulk.insert(entry) for entry in entries}.values()

        def insert() -> None:
            self._generations.begin_unless_live(catalogue, entries[0].embedding.model)
            self._live_of(catalogue, models)
            bulk.write(self._client, self._layout.alias(catalogue), actions, self._patience)

        self._following(catalogue, insert)
        self._facets.forget(catalogue)

    def relabel_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Give every entry of these items the labels they have now; items without entries are ignored.

        Entries that have them already cost no write.
        """
        now = {item.id: item for item in items}

        def relabel() -> None:
            for entries in self._entries(catalogue, tuple(now)):
                pairs = ((entry, now[read_document_id(entry["_id"])[0]]) for entry in entries)
                stale = [bulk.relabel(entry["_id"], item) for entry, item in pairs if not bulk.is_labelled(entry, item)]
                bulk.write(self._client, self._layout.alias(catalogue), stale, self._patience)
                if stale:
                    self._facets.forget(catalogue)

        self._following(catalogue, relabel)

    def remove_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> None:
        """Forget every entry of these items; unknown ones are ignored.

        Raises `ConflictError` where others keep adding entries of these very items.
        """

        def remove() -> None:
            for _ in range(_SWEEPS):
                swept = False
                for entries in self._entries(catalogue, items):
                    swept = True
                    deletions = [bulk.delete(entry["_id"]) for entry in entries]
                    bulk.write(self._client, self._layout.alias(catalogue), deletions, self._patience, refresh="false")
                if not swept:
                    return
            raise ConflictError("others keep adding photos of the items to be removed")

        self._following(catalogue, remove)
        self._facets.forget(catalogue)

    def remove_entries(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Forget single entries; unknown ones are ignored."""

        def remove() -> None:
            if pairs and self._generations.live(catalogue) is not None:
                deletions = [bulk.delete(document_id(*pair)) for pair in dict.fromkeys(pairs)]
                bulk.write(self._client, self._layout.alias(catalogue), deletions, self._patience)

        self._following(catalogue, remove)
        self._facets.forget(catalogue)

    def page_entries(
        self, catalogue: CatalogueId, after: tuple[ItemId, PhotoId] | None, limit: int
    ) -> list[EntryLabels]:
        """Up to `limit` entries in the order of item and photo, starting behind `after`."""

        def read() -> list[EntryLabels]:
            if self._generations.live(catalogue) is None:
                return []
            with translated():
                self._client.indices.refresh(index=self._layout.alias(catalogue))
            hits = self._hits(catalogue, query.of_all(limit, after))
            return [EntryLabels(*read_document_id(hit["_id"]), bulk.labels_of(hit)) for hit in hits]

        return self._following(catalogue, read)

    def find_embeddings(
        self, catalogue: CatalogueId, model: ModelVersion, photos: Sequence[PhotoId]
    ) -> dict[PhotoId, Embedding]:
        """The embeddings there are in the live generation if it is of `model`; others are left out."""
        bodies = [query.of_photos(some, model) for some in _chunks(photos, _PHOTOS)]

        def find() -> dict[PhotoId, Embedding]:
            if self._generations.live(catalogue) is None:
                return {}
            answers = (hit for body in bodies for hit in self._hits(catalogue, body))
            return {read_document_id(hit["_id"])[1]: _embedding(hit, model) for hit in answers}

        return self._following(catalogue, find)

    def search_many(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """For each query its hits, best first, at most one an item; k of them when k items pass the filter."""
        return self._search(catalogue, queries, search_nearest)

    def search_exactly(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        """Like `search_many` by comparing with every entry."""
        return self._search(catalogue, queries, search_exactly)

    def generations(self, catalogue: CatalogueId) -> tuple[IndexGeneration, ...]:
        """All builds there are, oldest first."""
        return self._generations.all(catalogue)

    def _search(self, catalogue: CatalogueId, queries: Sequence[VectorQuery], how: How) -> list[list[Hit]]:
        for asked in queries:
            if not 1 <= asked.k < query.MOST_HITS:
                raise InvalidRequestError("k", f"must be from 1 to {query.MOST_HITS - 1}, is {asked.k}")
        models = {asked.embedding.model for asked in queries}
        filters = [asked.filter for asked in queries]

        def search() -> list[list[Hit]]:
            live = self._live_of(catalogue, models)
            if live is None and any(filters):
                raise UnknownFacetError("filter", "the catalogue is empty, so that no item has a label")
            if live is None or not queries:
                return [[] for _ in queries]
            alias = self._layout.alias(catalogue)
            self._facets.check(catalogue, alias, filters)
            return how(self._client, live.index, alias, queries, self._patience)

        return self._following(catalogue, search)

    def _entries(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> Iterator[list[query.Body]]:
        """The keys and labels of these items' entries, up to `_ENTRIES` at a time.

        Refreshes first: a writer that died between writing and refreshing leaves entries that cannot be seen yet.
        """
        if not items or self._generations.live(catalogue) is None:
            return
        with translated():
            self._client.indices.refresh(index=self._layout.alias(catalogue))
        for some in _chunks(items, _ITEMS):
            after: Sequence[str] | None = None
            while hits := self._hits(catalogue, query.of_items(some, _ENTRIES, after)):
                after = hits[-1]["sort"]
                yield hits

    def _hits(self, catalogue: CatalogueId, body: query.Body) -> list[query.Body]:
        (answer,) = ask_many(self._client, self._layout.alias(catalogue), [body], self._patience)
        hits: list[query.Body] = answer["hits"]["hits"]
        return hits

    def _live_of(self, catalogue: CatalogueId, models: AbstractSet[ModelVersion]) -> Build | None:
        """The live build, which is of all `models`; raises `VersionMismatchError` where, read anew, it is not."""
        live = self._generations.live(catalogue)
        if live is not None and models - {live.model}:
            live = self._generations.read_live(catalogue)
        if live is not None:
            for model in models - {live.model}:
                raise VersionMismatchError("model", f"the index holds vectors of {live.model}, this one is of {model}")
        return live

    def _following(self, catalogue: CatalogueId, attempt: Callable[[], T]) -> T:
        """Attempt it; where the alias turns out to have moved, read it anew and attempt it once more."""
        try:
            return attempt()
        except GenerationMovedError:
            self._generations.read_live(catalogue)
        try:
            return attempt()
        except GenerationMovedError as error:
            raise UnavailableError("the index is being replaced") from error


def _embedding(hit: query.Body, model: ModelVersion) -> Embedding:
    return Embedding(np.array(hit["_source"]["vector"], dtype=np.float32), model)


def _chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[start : start + size] for start in range(0, len(things), size)]
