from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore

Tie = tuple[ItemId, PhotoId]
"""That a photo shows an item."""


@dataclass(frozen=True, slots=True)
class DropPhotos:
    """Take out what was prepared of photos that show no item.

    An upload on its way with the same photo does not lose it: `IndexPhotos` has it prepared again.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore

    def __call__(
        self, catalogue: CatalogueId, photos: Collection[PhotoId], leaving: AbstractSet[Tie] = frozenset()
    ) -> None:
        """Ties that are `leaving` do not count. Doing it again changes nothing."""
        showing = self.items.items_of_photos(catalogue, list(photos))
        orphans = [photo for photo in photos if all((item, photo) in leaving for item in showing.get(photo, ()))]
        self.photos.delete_photos(catalogue, orphans)
        self.ledger.forget_photos(catalogue, orphans)
