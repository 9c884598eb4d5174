from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import CatalogueDamagedError
from lookalike.imaging.pixels import decode_pixels
from lookalike.ports.clock import Clock
from lookalike.ports.embedder import Pixels, Priority
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import IndexEntry, VectorIndex
from lookalike.ports.work_queue import Pointer, WorkQueue
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.drop_photos import DropPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.label_entries import LabelEntries
from lookalike.services.outcome import Outcome, by_catalogue

PUT_OFF: Final = timedelta(seconds=5)
"""When to look again at a photo that another process is embedding; a batch takes it about two seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPhotos:
    """Make prepared photos findable: embed those not embedded yet, write their entries, then tell the ledger.

    The ledger is told last: a crash on the way leaves uploads `prepared`, and doing it again changes nothing.
    A photo that another process is embedding comes again by `to_embed`, one that lost what was prepared of it by
    `received`; neither is a failure of its message.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    embed: EmbedPhotos
    claim: ClaimPhotos
    index: VectorIndex
    received: WorkQueue
    to_embed: WorkQueue
    events: EventLog
    clock: Clock
    keep_prepared: bool = True
    """Whether what the model saw stays, so that a later model of the same preparation need not decode again."""

    def __call__(self, pointers: Sequence[Pointer]) -> list[Outcome]:
        """One outcome a pointer, in no particular order.

        Raises `OverloadedError` or `UnavailableError` where the model, the index, a queue or a store is down.
        """
        return [outcome for catalogue, group in by_catalogue(pointers) for outcome in self._index(catalogue, group)]

    def _index(self, catalogue: CatalogueId, pointers: Sequence[Pointer]) -> list[Outcome]:
        uploads = self.ledger.find_uploads(catalogue, [pointer.upload for pointer in pointers])
        waiting = [u for u in uploads.values() if not u.is_final]
        self._work_off(catalogue, {u: u.photo for u in waiting if u.photo is not None})
        early = {u.id: f"not prepared yet, but {u.status}" for u in waiting if u.photo is None}
        # An upload without a record was removed with its item: there is nothing left to do for it.
        return [Outcome(pointer, early.get(pointer.upload, "")) for pointer in pointers]

    def _work_off(self, catalogue: CatalogueId, ready: Mapping[Upload, PhotoId]) -> None:
        photos = list(dict.fromkeys(ready.values()))
        known = self._find(catalogue, photos)
        with self.claim(catalogue, [photo for photo in photos if photo not in known]) as mine:
            known |= self._embed(catalogue, mine)
            self._enter(catalogue, {u: photo for u, photo in ready.items() if photo in known}, known)
        lost = set(mine) - set(known)
        self._prepare_anew(catalogue, [u for u, photo in ready.items() if photo in lost])
        busy = [u for u, photo in ready.items() if photo not in known and photo not in lost]
        self.to_embed.send_many([Pointer(catalogue, u.id) for u in busy], delay=PUT_OFF)

    def _find(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, Embedding]:
        return self.index.find_embeddings(catalogue, self.embed.embedder.facts.version, photos)

    def _embed(self, catalogue: CatalogueId, claimed: Sequence[PhotoId]) -> dict[PhotoId, Embedding]:
        if not claimed:
            return {}
        # Looked up once more: another process may have embedded them just before they became ours.
        known = self._find(catalogue, claimed)
        prepared = self.photos.read_prepared(catalogue, [photo for photo in claimed if photo not in known])
        decoded = {photo: _decoded(data) for photo, data in prepared.items()}
        pixels = {photo: whole for photo, whole in decoded.items() if whole is not None}
        made = self.embed({photo: partial(pixels.__getitem__, photo) for photo in pixels}, Priority.BULK)
        return known | {photo: prediction.embedding for photo, prediction in made.items()}

    def _prepare_anew(self, catalogue: CatalogueId, uploads: Sequence[Upload]) -> None:
        # What was prepared is gone: it need not survive a power cut, and goes with another item that showed it.
        now = self.clock.now()
        self.ledger.forget_photos(catalogue, [u.photo for u in uploads if u.photo is not None])
        prepared = [u for u in uploads if u.status is UploadStatus.PREPARED]
        self.ledger.advance_many([u.failed("its prepared photo is missing", now) for u in prepared])
        self.received.send_many([Pointer(catalogue, u.id) for u in uploads])

    def _enter(
        self, catalogue: CatalogueId, shown: Mapping[Upload, PhotoId], embeddings: Mapping[PhotoId, Embedding]
    ) -> None:
        pairs = [(u.item, photo) for u, photo in shown.items() if u.item is not None]
        items = self.items.get_many(catalogue, list({item for item, _ in pairs}))
        self.items.attach_photos(catalogue, pairs)
        uploads = self._drop_orphans(catalogue, shown, items)
        self.index.upsert_many(catalogue, [_entry(items[i], p, embeddings[p]) for i, p in pairs if i in items])
        self._catch_up(catalogue, items)
        now = self.clock.now()
        refused = self.ledger.advance_many([u.indexed(now) for u in uploads])
        self._undo(catalogue, {u: photo for u, photo in shown.items() if u.id in refused})
        self.events.append_many([Event(catalogue, EventKind.PHOTO_INDEXED, u.id, now) for u in uploads])
        if not self.keep_prepared:
            self.photos.delete_prepared(catalogue, [photo for _, photo in pairs])

    def _drop_orphans(
        self, catalogue: CatalogueId, shown: Mapping[Upload, PhotoId], items: Mapping[ItemId, Item]
    ) -> list[Upload]:
        # Opened just as their item was removed: they go the way of its other uploads.
        if orphans := [u for u in shown if u.item not in items]:
            self.photos.delete_uploads(catalogue, [u.id for u in orphans])
            DropPhotos(self.ledger, self.photos, self.items)(catalogue, {shown[u] for u in orphans})
            self.ledger.forget_uploads(catalogue, [u.id for u in orphans], self.clock.now())
        return [u for u in shown if u.item in items]

    def _catch_up(self, catalogue: CatalogueId, entered: Mapping[ItemId, Item]) -> None:
        # Items may have been removed or relabelled between our reading them and our writing their entries.
        written = {item.id: item.all_labels for item in entered.values()}
        there = LabelEntries(self.items, self.index)(catalogue, entered, written)
        self.index.remove_items(catalogue, [item for item in entered if item not in there])

    def _undo(self, catalogue: CatalogueId, refused: Mapping[Upload, PhotoId]) -> None:
        # Without a record, an upload was removed with its photo while we entered it.
        standing = self.ledger.find_uploads(catalogue, [u.id for u in refused]) if refused else {}
        if gone := [(u.item, photo) for u, photo in refused.items() if u.item is not None and u.id not in standing]:
            self.items.detach_photos(catalogue, gone)
            self.index.remove_entries(catalogue, gone)


def _decoded(prepared: bytes) -> Pixels | None:
    try:
        return decode_pixels(prepared)
    except CatalogueDamagedError:
        return None


def _entry(item: Item, photo: PhotoId, embedding: Embedding) -> IndexEntry:
    return IndexEntry(item.id, photo, item.all_labels, embedding)
