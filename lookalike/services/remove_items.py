from collections.abc import Sequence
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.ports.clock import Clock
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex


@dataclass(frozen=True, slots=True)
class RemoveItems:
    """Take items out: their entries, descriptions and uploads, and those of their photos that show no other item.

    The entries go first, so that a crash half way leaves nothing that is found and not there; the
    description goes last, so that removing again finishes the work.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    index: VectorIndex
    events: EventLog
    clock: Clock

    def __call__(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[ItemId]:
        """The ids of those that were there. Unknown ones are ignored; removing again changes nothing."""
        there = self.items.get_many(catalogue, items)
        self.index.remove_items(catalogue, items)
        uploads = self.ledger.uploads_of_items(catalogue, items)
        photos = {p for item in there.values() for p in item.photos} | {u.photo for u in uploads if u.photo}
        showing = self.items.items_of_photos(catalogue, list(photos))
        orphans = [photo for photo in photos if not set(showing.get(photo, ())) - set(items)]
        self.photos.delete_uploads(catalogue, [upload.id for upload in uploads])
        self.photos.delete_photos(catalogue, orphans)
        self.ledger.forget_photos(catalogue, orphans)
        now = self.clock.now()
        self.ledger.forget_uploads(catalogue, [upload.id for upload in uploads], now)
        removed = [item.id for item in self.items.remove_many(catalogue, items)]
        self.events.append_many([Event(catalogue, EventKind.ITEM_REMOVED, item, now) for item in removed])
        return removed
