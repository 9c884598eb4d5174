from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.damage import Damage, Outcome
from lookalike.domain.embedding import Embedding
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import EntryLabels, IndexEntry, VectorIndex
from lookalike.services.label_entries import LabelEntries

Pair = tuple[ItemId, PhotoId]
EmbedAgain = Callable[[CatalogueId, Sequence[Pair]], dict[PhotoId, Embedding]]
"""Makes the embeddings of items' photos anew, of those whose bytes are still there."""
_ITEMS: Final = 200
_ENTRIES: Final = 1000
_LAST_PHOTO: Final = PhotoId("f" * 64)


@dataclass(frozen=True, slots=True)
class _Part:
    """The items of one page and every entry from behind the page before up to the last of them."""

    items: dict[ItemId, Item]
    entries: dict[Pair, EntryLabels]


@dataclass(frozen=True, slots=True)
class ReconcileIndex:
    """Find where the index differs from the item store, which is what counts, and bring it to what that says.

    Both are read once, side by side, in the order of their ids. Nobody else should be writing meanwhile.
    """

    items: ItemStore
    index: VectorIndex
    embed_again: EmbedAgain

    def __call__(
        self, catalogue: CatalogueId, *, repair: bool, damaged: Collection[Pair] = frozenset()
    ) -> Iterator[Damage]:
        """Every difference; `damaged` entries are to be made anew as if they were not there.

        Doing it again after a crash finishes the work, and changes nothing where all is well.
        """
        for part in self._parts(catalogue):
            yield from self._drop_strays(catalogue, part, repair=repair)
            yield from self._label(catalogue, part, repair=repair)
            yield from self._complete(catalogue, part, damaged, repair=repair)

    def _parts(self, catalogue: CatalogueId) -> Iterator[_Part]:
        page: list[Item] = []
        while True:
            before = page[-1].id if page else None
            page = self.items.page(catalogue, before, _ITEMS)
            last = page[-1].id if page else None
            yield _Part({item.id: item for item in page}, self._entries(catalogue, before, last))
            if last is None:
                return

    def _entries(self, catalogue: CatalogueId, before: ItemId | None, last: ItemId | None) -> dict[Pair, EntryLabels]:
        after = None if before is None else (before, _LAST_PHOTO)
        found: dict[Pair, EntryLabels] = {}
        while entries := self.index.page_entries(catalogue, after, _ENTRIES):
            ours = [entry for entry in entries if last is None or entry.item <= last]
            found |= {(entry.item, entry.photo): entry for entry in ours}
            if len(ours) < len(entries):
                break
            after = (entries[-1].item, entries[-1].photo)
        return found

    def _drop_strays(self, catalogue: CatalogueId, part: _Part, *, repair: bool) -> Iterator[Damage]:
        strays = [pair for pair in part.entries if pair not in _wanted(part)]
        if repair and strays:
            self.index.remove_entries(catalogue, strays)
        for item, photo in strays:
            yield _damage("entry", item, photo, "is in the index and not in the item store", repaired=repair)

    def _label(self, catalogue: CatalogueId, part: _Part, *, repair: bool) -> Iterator[Damage]:
        here = ((part.items[pair[0]], part.entries[pair]) for pair in _wanted(part) if pair in part.entries)
        stale = {item.id for item, entry in here if item.all_labels != entry.labels}
        if repair and stale:
            LabelEntries(self.items, self.index)(catalogue, stale)
        for item in sorted(stale):
            outcome = Outcome.REPAIRED if repair else Outcome.FOUND
            yield Damage("labels", item, "has other labels in the index than in the item store", outcome)

    def _complete(
        self, catalogue: CatalogueId, part: _Part, damaged: Collection[Pair], *, repair: bool
    ) -> Iterator[Damage]:
        missing = [pair for pair in _wanted(part) if pair not in part.entries or pair in damaged]
        made = self.embed_again(catalogue, missing) if repair and missing else {}
        live = next((one.model for one in self.index.generations(catalogue) if one.live), None)
        fitting = {photo: embedding for photo, embedding in made.items() if live in (None, embedding.model)}
        entries = [IndexEntry(i, p, part.items[i].all_labels, fitting[p]) for i, p in missing if p in fitting]
        self.index.upsert_many(catalogue, entries)
        lost = [pair for pair in missing if repair and pair[1] not in made]
        if lost:  # an entry that cannot be made anew would keep searches from being answered
            self.index.remove_entries(catalogue, lost)
        for item, photo in missing:
            what = "is damaged in the index" if (item, photo) in damaged else "is not in the index"
            if (item, photo) in lost:
                yield Damage("entry", f"{item} {photo}", f"{what}; its bytes are lost: import it again", Outcome.LOST)
            elif photo in made and photo not in fitting:
                yield _damage("entry", item, photo, f"{what}, which is of another model", repaired=False)
            else:
                yield _damage("entry", item, photo, what, repaired=repair)


def _wanted(part: _Part) -> dict[Pair, None]:
    return dict.fromkeys((item.id, photo) for item in part.items.values() for photo in item.photos)


def _damage(kind: str, item: ItemId, photo: PhotoId, detail: str, *, repaired: bool) -> Damage:
    return Damage(kind, f"{item} {photo}", detail, Outcome.REPAIRED if repaired else Outcome.FOUND)
