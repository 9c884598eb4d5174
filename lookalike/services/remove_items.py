from collections.abc import Sequence
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.upload import Upload
from lookalike.ports.clock import Clock
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.drop_photos import DropPhotos


@dataclass(frozen=True, slots=True)
class RemoveItems:
    """Take items out: their entries, descriptions and uploads, and those of their photos that show no other item.

    The entries go first, so that a crash half way leaves nothing that is found and not there; the
    description goes last, so that removing again finishes the work. Of a photo that is being prepared meanwhile
    either this or `PreparePhotos` knows, and takes it out.
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
        # Without its bytes nobody takes an upload up any more; those who have them already are stopped.
        self.photos.delete_uploads(catalogue, [upload.id for upload in uploads])
        stopped = self._stop(catalogue, uploads)
        photos = {p for item in there.values() for p in item.photos} | {u.photo for u in stopped if u.photo}
        DropPhotos(self.ledger, self.photos, self.items)(catalogue, photos, leaving=items)
        now = self.clock.now()
        self.ledger.forget_uploads(catalogue, [upload.id for upload in uploads], now)
        removed = [item.id for item in self.items.remove_many(catalogue, items)]
        # Again: what was entered before they went. What is entered from now on `IndexPhotos` sees to.
        self.index.remove_items(catalogue, items)
        self.events.append_many([Event(catalogue, EventKind.ITEM_REMOVED, item, now) for item in removed])
        return removed

    def _stop(self, catalogue: CatalogueId, uploads: Sequence[Upload]) -> list[Upload]:
        """The uploads as they stand when no worker that has read them can move them any more."""
        stopped: list[Upload] = []
        while uploads:
            now = self.clock.now()
            moved = [upload.failed("its item is being removed", now) for upload in uploads if not upload.is_final]
            lost = self.ledger.advance_many(moved)
            stopped += [upload for upload in uploads if upload.id not in lost]
            uploads = list(self.ledger.find_uploads(catalogue, lost).values())
        return stopped
