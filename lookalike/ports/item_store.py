from collections.abc import Sequence
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId


class ItemStore(Protocol):
    """The items of catalogues and which photos show them.

    A stored row that today's rules refuse is left out of every answer, with a line in the log; it can be written over
    and removed.
    """

    def put_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Insert or replace descriptions. The photos an item has stay: `Item.photos` is not written by this."""
        ...

    def update_many(self, catalogue: CatalogueId, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Apply patches (`lookalike.domain.item.apply_all`); returns the ids that are not there and were not made.

        An item is read and written as one step: of writers that change different parts at once, none loses its own.
        """
        ...

    def get_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[ItemId, Item]:
        """The items there are, with their photos; missing and other catalogues' ones are left out."""
        ...

    def attach_photos(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Add photos to items, after those there are; pairs that are there, or whose item is not, are ignored."""
        ...

    def detach_photos(
        self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]
    ) -> list[tuple[ItemId, PhotoId]]:
        """Take photos from items; returns the pairs that were there."""
        ...

    def items_of_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, tuple[ItemId, ...]]:
        """Which items each photo shows; photos that show none are left out."""
        ...

    def remove_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Item]:
        """Delete items and their ties to photos; returns those that were there.

        Of one that cannot be read that is its id, and nothing of the rest.
        """
        ...

    def page(self, catalogue: CatalogueId, after: ItemId | None, limit: int) -> list[Item]:
        """Up to `limit` items in the order of their ids, starting behind `after`."""
        ...

    def count(self, catalogue: CatalogueId) -> tuple[int, int]:
        """How many items, and how many different photos they have."""
        ...
