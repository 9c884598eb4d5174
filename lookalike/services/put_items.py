from collections.abc import Sequence
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import VectorIndex


@dataclass(frozen=True, slots=True)
class PutItems:
    """Insert or replace items' descriptions; their photos stay and filters see the new labels at once."""

    items: ItemStore
    index: VectorIndex

    def __call__(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Durable when this returns. Doing it again changes nothing."""
        before = self.items.get_many(catalogue, [item.id for item in items])
        self.items.put_many(catalogue, items)
        changed = [i for i in items if i.id in before and before[i.id].all_labels != i.all_labels]
        self.index.relabel_many(catalogue, changed)
