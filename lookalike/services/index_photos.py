from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import CatalogueDamagedError
from lookalike.imaging.pixels import decode_pixels
from lookalike.ports.clock import Clock
from lookalike.ports.embedder import Priority
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import IndexEntry, VectorIndex
from lookalike.ports.work_queue import Pointer
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.outcome import Outcome, by_catalogue


@dataclass(frozen=True, slots=True)
class IndexPhotos:
    """Make prepared photos findable: embed those not embedded yet, write their entries, then tell the ledger.

    The ledger is told last: a crash on the way leaves uploads `prepared`, and doing it again changes nothing.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    embed: EmbedPhotos
    index: VectorIndex
    events: EventLog
    clock: Clock
    keep_prepared: bool = True
    """Whether what the model saw stays, so that a later model of the same preparation need not decode again."""

    def __call__(self, pointers: Sequence[Pointer]) -> list[Outcome]:
        """One outcome a pointer, in no particular order.

        Raises `OverloadedError` or `UnavailableError` where the model, the index or a store is down.
        """
        return [outcome for catalogue, group in by_catalogue(pointers) for outcome in self._index(catalogue, group)]

    def _index(self, catalogue: CatalogueId, pointers: Sequence[Pointer]) -> list[Outcome]:
        uploads = self.ledger.find_uploads(catalogue, [pointer.upload for pointer in pointers])
        failures: dict[UploadId, str] = {
            upload.id: f"not prepared yet, but {upload.status}"
            for upload in uploads.values()
            if not upload.is_final and upload.photo is None
        }
        ready = [u for u in uploads.values() if not u.is_final and u.photo is not None]
        embeddings = self._embeddings(catalogue, {u.photo for u in ready if u.photo is not None})
        found = {u.id for u in ready if u.photo in embeddings}
        failures |= self._send_back(catalogue, [u for u in ready if u.id not in found])
        self._enter(catalogue, [u for u in ready if u.id in found], embeddings)
        # An upload without a record was removed with its item: there is nothing left to do for it.
        return [Outcome(pointer, failures.get(pointer.upload, "")) for pointer in pointers]

    def _embeddings(self, catalogue: CatalogueId, photos: set[PhotoId]) -> dict[PhotoId, Embedding]:
        model = self.embed.embedder.facts.version
        known = self.index.find_embeddings(catalogue, model, list(photos))
        prepared = self.photos.read_prepared(catalogue, [photo for photo in photos if photo not in known])
        pixels = {photo: partial(decode_pixels, data) for photo, data in prepared.items() if _is_whole(data)}
        made = self.embed(pixels, Priority.BULK) if pixels else {}
        return known | {photo: prediction.embedding for photo, prediction in made.items()}

    def _send_back(self, catalogue: CatalogueId, uploads: Sequence[Upload]) -> dict[UploadId, str]:
        # What was prepared is gone (it need not survive a power cut): as `failed` it is prepared anew.
        why, now = "its prepared photo is missing", self.clock.now()
        self.ledger.forget_photos(catalogue, [u.photo for u in uploads if u.photo is not None])
        self.ledger.advance_many([u.failed(why, now) for u in uploads if u.status is UploadStatus.PREPARED])
        return {u.id: why for u in uploads}

    def _enter(self, catalogue: CatalogueId, uploads: Sequence[Upload], embeddings: dict[PhotoId, Embedding]) -> None:
        pairs = [(u.item, u.photo) for u in uploads if u.item is not None and u.photo is not None]
        wanted = list({item for item, _ in pairs})
        items = self.items.get_many(catalogue, wanted)
        uploads = self._drop_orphans(catalogue, uploads, items)
        self.items.attach_photos(catalogue, pairs)
        self.index.upsert_many(catalogue, [_entry(items[i], p, embeddings[p]) for i, p in pairs if i in items])
        self._catch_up(catalogue, items)
        now = self.clock.now()
        self.ledger.advance_many([u.indexed(now) for u in uploads])
        self.events.append_many([Event(catalogue, EventKind.PHOTO_INDEXED, u.id, now) for u in uploads])
        if not self.keep_prepared:
            self.photos.delete_prepared(catalogue, [photo for _, photo in pairs])

    def _drop_orphans(
        self, catalogue: CatalogueId, uploads: Sequence[Upload], items: Mapping[ItemId, Item]
    ) -> list[Upload]:
        # Opened just as their item was removed: they go the way of its other uploads.
        orphans = [u.id for u in uploads if u.item not in items]
        self.photos.delete_uploads(catalogue, orphans)
        self.ledger.forget_uploads(catalogue, orphans)
        return [u for u in uploads if u.item in items]

    def _catch_up(self, catalogue: CatalogueId, entered: Mapping[ItemId, Item]) -> None:
        # Items may have been removed or relabelled between our reading them and our writing their entries.
        now = self.items.get_many(catalogue, list(entered))
        self.index.remove_items(catalogue, [item for item in entered if item not in now])
        self.index.relabel_many(catalogue, [i for i in now.values() if i.all_labels != entered[i.id].all_labels])


def _is_whole(prepared: bytes) -> bool:
    try:
        decode_pixels(prepared)
    except CatalogueDamagedError:
        return False
    return True


def _entry(item: Item, photo: PhotoId, embedding: Embedding) -> IndexEntry:
    return IndexEntry(item.id, photo, item.all_labels, embedding)
