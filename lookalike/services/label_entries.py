from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import VectorIndex

_NOTHING: Final[Mapping[ItemId, frozenset[Label]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LabelEntries:
    """Bring the labels in the index to what the item store holds.

    Called after every write, whether it changed anything: an earlier one may have reached the store and not the index.
    Of several that do so at once, the last to write to the index reads the store once more after it, so that what
    stays in the index is what stays in the store.
    """

    items: ItemStore
    index: VectorIndex

    def __call__(
        self,
        catalogue: CatalogueId,
        items: Collection[ItemId],
        just_written: Mapping[ItemId, frozenset[Label]] = _NOTHING,
    ) -> dict[ItemId, Item]:
        """The items there are, as the index now has them. Doing it again changes nothing.

        `just_written` are labels that the caller has given entries of these items.
        """
        written = dict(just_written)
        while True:
            there = self.items.get_many(catalogue, list(items))
            stale = [item for item in there.values() if written.get(item.id) != item.all_labels]
            if not stale:
                return there
            self.index.relabel_many(catalogue, stale)
            written |= {item.id: item.all_labels for item in stale}
