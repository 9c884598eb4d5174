from collections.abc import Sequence
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.plain import listed
from lookalike.domain.upload import Upload, UploadId
from lookalike.ports.clock import Clock
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.drop_photos import DropPhotos, Tie


@dataclass(frozen=True, slots=True)
class _Removal:
    """What removing items and removing single photos have in common.

    The entries go first, so that a crash half way leaves nothing that is found and not there; the description, or
    the tie of the photo, goes last, so that removing again finishes the work. Of a photo that is being prepared
    meanwhile either this or `PreparePhotos` knows, and takes it out.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    index: VectorIndex
    events: EventLog
    clock: Clock

    def _withdraw(self, catalogue: CatalogueId, uploads: Sequence[Upload], ties: set[Tie]) -> None:
        """Take out these uploads, and what was prepared of photos that only `ties` and they show."""
        # Without its bytes nobody takes an upload up any more; those who have them already are stopped.
        self.photos.delete_uploads(catalogue, [upload.id for upload in uploads])
        stopped = self._stop(catalogue, uploads)
        leaving = ties | {(upload.item, upload.photo) for upload in stopped if upload.item and upload.photo}
        DropPhotos(self.ledger, self.photos, self.items)(catalogue, {photo for _, photo in leaving}, leaving)
        self.ledger.forget_uploads(catalogue, [upload.id for upload in uploads], self.clock.now())

    def _stop(self, catalogue: CatalogueId, uploads: Sequence[Upload]) -> list[Upload]:
        """The uploads as they stand when no worker that has read them can move them any more."""
        stopped: list[Upload] = []
        while uploads:
            now = self.clock.now()
            moved = [upload.failed("it is being removed", now) for upload in uploads if not upload.is_final]
            lost = self.ledger.advance_many(moved)
            stopped += [upload for upload in uploads if upload.id not in lost]
            uploads = list(self.ledger.find_uploads(catalogue, lost).values())
        return stopped

    def _tell(self, catalogue: CatalogueId, kind: EventKind, subjects: Sequence[str]) -> None:
        now = self.clock.now()
        self.events.append_many([Event(catalogue, kind, subject, now) for subject in subjects])


@dataclass(frozen=True, slots=True)
class RemoveItems(_Removal):
    """Take items out: their entries, descriptions and uploads, and those of their photos that show no other item."""

    def __call__(self, catalogue: CatalogueId, items: Sequence[str]) -> list[ItemId]:
        """The ids of those that were there. Unknown ones are ignored; removing again changes nothing.

        An id that today's rules refuse is taken where an older version has stored it. Raises `InvalidRequestError`,
        before anything of today's is removed, where it has not, and for what is no id at all.
        """
        given = [item if isinstance(item, str) else ItemId(item) for item in listed("items", items)]
        refused = [ItemId.stored(item) for item in given if not ItemId.fits(item)]
        removed = self._remove(catalogue, refused) if refused else []
        for item in set(refused) - set(removed):
            ItemId(str(item))  # raises
        return removed + self._remove(catalogue, [ItemId(item) for item in given if ItemId.fits(item)])

    def _remove(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[ItemId]:
        there = self.items.get_many(catalogue, items)
        self.index.remove_items(catalogue, items)
        uploads = self.ledger.uploads_of_items(catalogue, items)
        self._withdraw(catalogue, uploads, {(item.id, photo) for item in there.values() for photo in item.photos})
        removed = [item.id for item in self.items.remove_many(catalogue, items)]
        # Again: what was entered before they went. What is entered from now on `IndexPhotos` sees to.
        self.index.remove_items(catalogue, items)
        self._tell(catalogue, EventKind.ITEM_REMOVED, removed)
        return removed


@dataclass(frozen=True, slots=True)
class RemovePhotos(_Removal):
    """Take single photos out of items: entry, tie and upload, and the stored bytes where they show no other item."""

    def __call__(self, catalogue: CatalogueId, photos: Sequence[Tie]) -> list[Tie]:
        """Those that were there. Unknown ones are ignored; removing again changes nothing."""
        wanted = set(photos)
        self.index.remove_entries(catalogue, photos)
        self._withdraw(catalogue, self._uploads_of(catalogue, wanted), wanted)
        removed = self.items.detach_photos(catalogue, photos)
        self.index.remove_entries(catalogue, photos)
        self._tell(catalogue, EventKind.PHOTO_REMOVED, [f"{item}/{photo}" for item, photo in removed])
        return removed

    def _uploads_of(self, catalogue: CatalogueId, wanted: set[Tie]) -> list[Upload]:
        # An import's upload is known by its id before it was prepared, and where it was rejected.
        imported = {UploadId.repeatable(*tie) for tie in wanted}
        uploads = self.ledger.uploads_of_items(catalogue, list({item for item, _ in wanted}))
        return [u for u in uploads if u.id in imported or (u.item, u.photo) in wanted]
