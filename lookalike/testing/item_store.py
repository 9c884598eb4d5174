import threading
from collections.abc import Sequence
from dataclasses import replace

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch, apply_all
from lookalike.domain.photo import PhotoId


class InMemoryItemStore:
    """A dictionary of items a catalogue."""

    def __init__(self) -> None:
        self._catalogues: dict[CatalogueId, dict[ItemId, Item]] = {}
        self._lock = threading.Lock()

    def _items(self, catalogue: CatalogueId) -> dict[ItemId, Item]:
        return self._catalogues.setdefault(catalogue, {})

    def put_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Insert or replace descriptions; photos stay."""
        own = self._items(catalogue)
        for item in items:
            known = own.get(item.id)
            own[item.id] = replace(item, photos=known.photos if known else ())

    def update_many(self, catalogue: CatalogueId, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Apply patches; returns the ids that are not there and were not made."""
        own = self._items(catalogue)
        with self._lock:
            now, unknown = apply_all(patches, own)
            own |= now
        return unknown

    def get_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[ItemId, Item]:
        """The items there are, with their photos."""
        own = self._items(catalogue)
        return {item: own[item] for item in items if item in own}

    def attach_photos(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Add photos to items, after those there are."""
        own = self._items(catalogue)
        for item, photo in pairs:
            if item in own and photo not in own[item].photos:
                own[item] = replace(own[item], photos=(*own[item].photos, photo))

    def detach_photos(
        self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]
    ) -> list[tuple[ItemId, PhotoId]]:
        """Take photos from items; returns the pairs that were there."""
        own = self._items(catalogue)
        there = [(item, photo) for item, photo in dict.fromkeys(pairs) if item in own and photo in own[item].photos]
        for item, photo in there:
            own[item] = replace(own[item], photos=tuple(other for other in own[item].photos if other != photo))
        return there

    def items_of_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, tuple[ItemId, ...]]:
        """Which items each photo shows, in the order of their ids."""
        own = self._items(catalogue)
        shown = {photo: tuple(sorted(item.id for item in own.values() if photo in item.photos)) for photo in photos}
        return {photo: items for photo, items in shown.items() if items}

    def remove_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Item]:
        """Delete items; returns those that were there."""
        own = self._items(catalogue)
        return [own.pop(item) for item in dict.fromkeys(items) if item in own]

    def page(self, catalogue: CatalogueId, after: ItemId | None, limit: int) -> list[Item]:
        """Up to `limit` items in the order of their ids, starting behind `after`."""
        own = self._items(catalogue)
        return [own[item] for item in sorted(own) if after is None or item > after][:limit]

    def count(self, catalogue: CatalogueId) -> tuple[int, int]:
        """How many items, and how many different photos they have."""
        own = self._items(catalogue)
        return len(own), len({photo for item in own.values() for photo in item.photos})
