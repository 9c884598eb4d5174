from collections.abc import Sequence
from dataclasses import dataclass, replace

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.label_entries import LabelEntries


@dataclass(frozen=True, slots=True)
class PutItems:
    """Insert or replace items' descriptions; their photos stay and filters see the new labels at once."""

    items: ItemStore
    index: VectorIndex

    def __call__(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Durable when this returns. Doing it again changes nothing, and finishes what a failure left half done."""
        wanted = {item.id: item for item in items}
        there = self.items.get_many(catalogue, list(wanted))
        self.items.put_many(catalogue, [item for item in wanted.values() if _differs(item, there.get(item.id))])
        LabelEntries(self.items, self.index)(catalogue, list(wanted))


@dataclass(frozen=True, slots=True)
class UpdateItems:
    """Change parts of items' descriptions; the rest and their photos stay, and filters see the new labels at once."""

    items: ItemStore
    index: VectorIndex

    def __call__(self, catalogue: CatalogueId, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """The ids that are not there and were not made, for lack of a category. Otherwise as `PutItems`."""
        unknown = self.items.update_many(catalogue, patches)
        LabelEntries(self.items, self.index)(catalogue, {patch.id for patch in patches} - set(unknown))
        return unknown


def _differs(item: Item, there: Item | None) -> bool:
    return there is None or replace(item, photos=there.photos) != there
