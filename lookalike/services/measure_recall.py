from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import IndexEntry, VectorIndex, VectorQuery
from lookalike.services.exact_ranking import indexed_pages
from lookalike.services.metrics import mean, recall

SHARES: Final[Mapping[str, float]] = MappingProxyType({"10%": 0.1, "1%": 0.01, "0.1%": 0.001})
"""How selective the filters are that recall is measured under."""

_FACET: Final = "share"
_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class MeasureRecall:
    """Recall of the index's search against comparing with every entry, also under filters.

    Unfiltered, the catalogue's own index is asked. For the filters `new_index` gives a passing index of the same
    kind, filled with the catalogue's own embeddings under labels given to items at random (the same ones each
    time), so that the shares are exact whatever labels the shop has.
    """

    items: ItemStore
    index: VectorIndex
    new_index: Callable[[], AbstractContextManager[VectorIndex]]

    def __call__(
        self, catalogue: CatalogueId, model: ModelVersion, queries: Sequence[Embedding], k: int
    ) -> dict[str, float]:
        """Mean recall@k in [0, 1] by filter: ``unfiltered`` and each of `SHARES`."""
        measured = {"unfiltered": _recall(self.index, catalogue, queries, Filter(), k)}
        with self.new_index() as scratch:
            self._fill(scratch, catalogue, model)
            for share in SHARES:
                only = Filter.of(any_of=[f"{_FACET}:{share}"])
                measured[share] = _recall(scratch, catalogue, queries, only, k)
        return measured

    def _fill(self, scratch: VectorIndex, catalogue: CatalogueId, model: ModelVersion) -> None:
        pages = indexed_pages(catalogue, self.items, self.index, model)
        drawn = _draw([item.id for page in pages for item, _ in page])
        for page in indexed_pages(catalogue, self.items, self.index, model):
            entries = [entry for _, found in page for entry in found]
            scratch.upsert_many(
                catalogue, [IndexEntry(e.item, e.photo, drawn.get(e.item, frozenset()), e.embedding) for e in entries]
            )


def _draw(ids: Sequence[ItemId]) -> dict[ItemId, frozenset[Label]]:
    """For each share that many of the items, at least one."""
    random = Random(_SEED)  # noqa: S311 (a repeatable draw, not a secret)
    drawn: dict[ItemId, frozenset[Label]] = {}
    for name, share in SHARES.items():
        for item in random.sample(ids, max(1, round(share * len(ids)))):
            drawn[item] = drawn.get(item, frozenset()) | {Label(_FACET, name)}
    return drawn


def _recall(index: VectorIndex, catalogue: CatalogueId, queries: Sequence[Embedding], only: Filter, k: int) -> float:
    asked = [VectorQuery(embedding, only, k) for embedding in queries]
    found = index.search_many(catalogue, asked)
    exact = index.search_exactly(catalogue, asked)
    pairs = zip(found, exact, strict=True)
    return mean([recall([hit.item for hit in one], [hit.item for hit in other]) for one, other in pairs])
