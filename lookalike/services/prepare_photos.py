import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import NotFoundError, PhotoRejectedError
from lookalike.imaging.limits import Limits
from lookalike.imaging.pixels import encode_pixels
from lookalike.imaging.prepare import decode_memory, prepare
from lookalike.imaging.sniff import check_declared_type
from lookalike.ports.clock import Clock
from lookalike.ports.embedder import Priority
from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.work_queue import Pointer, WorkQueue
from lookalike.services.drop_photos import DropPhotos
from lookalike.services.memory_budget import MemoryBudget
from lookalike.services.outcome import Outcome, by_catalogue
from lookalike.services.prepared_queries import PreparedQueries, PreparedQuery
from lookalike.services.receive_uploads import WAITING, mark_received

log = logging.getLogger(__name__)

Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""How work on many photos is spread over processors: `map`, or an executor's `map`."""


_TO_PREPARE: Final = WAITING | {UploadStatus.RECEIVED}
_USING: Final = frozenset({UploadStatus.PREPARED, UploadStatus.INDEXED})


@dataclass(frozen=True, slots=True)
class _Original:
    """An upload's bytes, or why there are none to work on."""

    data: bytes | None = None
    rejection: PhotoRejectedError | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One photo's share of the step: what to store, or why there is nothing."""

    id: PhotoId
    photo: Photo | None = None
    pixels: bytes = b""
    thumbnail: bytes = b""
    rejection: PhotoRejectedError | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class PreparePhotos:
    """Decode what arrived, store what the model sees and a thumbnail, and hand on to indexing.

    Bytes that were prepared before cost no decoding. Of a photo to search with nothing is stored: it is looked at to
    tell whether it can be used, kept among `queries` for the search that follows, and its original goes after a day.
    A photo's own fault ends its upload `rejected`; ours leaves it `failed` and its pointer comes again; neither touches
    its neighbours. What was stored for an item that was removed meanwhile goes again.
    """

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    to_embed: WorkQueue
    events: EventLog
    clock: Clock
    limits: Limits
    size: int
    spread: Spread = field(default=map)
    budget: MemoryBudget = field(default_factory=lambda: MemoryBudget(Limits().max_memory))
    queries: PreparedQueries = field(default_factory=PreparedQueries)

    def __call__(self, pointers: Sequence[Pointer]) -> list[Outcome]:
        """One outcome a pointer, in no particular order. Raises `UnavailableError` where a store is down."""
        return [outcome for catalogue, group in by_catalogue(pointers) for outcome in self._prepare(catalogue, group)]

    def _prepare(self, catalogue: CatalogueId, pointers: Sequence[Pointer]) -> list[Outcome]:
        uploads = self.ledger.find_uploads(catalogue, [pointer.upload for pointer in pointers])
        failures = self._drop_forgotten(catalogue, [p.upload for p in pointers if p.upload not in uploads])
        found = {u.id: self._read(u) for u in uploads.values() if u.status in _TO_PREPARE}
        failures |= {id_: what.failure for id_, what in found.items() if what.failure}
        self._reject([(uploads[id_], what.rejection) for id_, what in found.items() if what.rejection is not None])
        originals = {id_: what.data for id_, what in found.items() if what.data is not None}
        arrived = mark_received(self.ledger, self.clock, [uploads[id_] for id_ in originals])
        pending = [upload for upload in arrived if upload.status is UploadStatus.RECEIVED]
        stored, failed = self._store(catalogue, pending, originals)
        # Read back rather than remembered: a pointer that comes again after a crash between the ledger and the queue
        # must still be handed on, and an upload may have been stopped, or be gone, with its item.
        standing = self.ledger.find_uploads(catalogue, [pointer.upload for pointer in pointers])
        self._drop_unused(catalogue, stored, standing.values())
        self._hand_on(catalogue, standing.values())
        stopped = [u.id for u in pending if u.id in standing and standing[u.id].status in _TO_PREPARE]
        failures |= dict.fromkeys(stopped, "it was stopped while it was prepared") | failed
        return [Outcome(pointer, failures.get(pointer.upload, "")) for pointer in pointers]

    def _drop_forgotten(self, catalogue: CatalogueId, unknown: Sequence[UploadId]) -> dict[UploadId, str]:
        # Removed with their item while they were on their way; what arrived after that is to go as well. What was
        # never asked for has come past our forms, or its record is lost: somebody should look at that.
        forgotten = self.ledger.find_forgotten(catalogue, unknown)
        self.photos.delete_uploads(catalogue, sorted(forgotten))
        return {upload: "nobody requested this upload" for upload in unknown if upload not in forgotten}

    def _read(self, upload: Upload) -> _Original:
        try:
            data = self.photos.read_upload(upload.catalogue, upload.id)
        except NotFoundError:
            return _Original(failure="its bytes have not arrived")
        except PhotoRejectedError as rejection:
            return _Original(rejection=rejection)
        # A store keeps what was written over for a while only: what is there now may never have been looked at.
        replaced = upload.photo is not None and upload.photo != PhotoId.of(data)
        return _Original(failure="its original was replaced") if replaced else _Original(data)

    def _reject(self, refused: Sequence[tuple[Upload, PhotoRejectedError]]) -> None:
        now = self.clock.now()
        self.ledger.advance_many([upload.rejected(why.code, why.message, now) for upload, why in refused])
        self.events.append_many([Event(u.catalogue, EventKind.PHOTO_REJECTED, u.id, now) for u, _ in refused])

    def _store(
        self, catalogue: CatalogueId, pending: Sequence[Upload], originals: dict[UploadId, bytes]
    ) -> tuple[list[PhotoId], dict[UploadId, str]]:
        ids = {upload.id: PhotoId.of(originals[upload.id]) for upload in pending}
        known = self.ledger.find_photos(catalogue, list(set(ids.values())))
        fresh = {ids[upload.id]: upload for upload in pending if ids[upload.id] not in known}
        sold = {ids[upload.id] for upload in pending if upload.item is not None}

        def prepare_one(one: tuple[PhotoId, Upload]) -> _Prepared:
            photo, upload = one
            return self._prepare_one(photo, upload, originals[upload.id], is_sold=photo in sold)

        results = list(self.spread(prepare_one, fresh.items()))
        good = [result for result in results if result.photo is not None]
        self.photos.write_prepared(catalogue, {result.id: result.pixels for result in good})
        self.photos.write_thumbnails(catalogue, {result.id: result.thumbnail for result in good})
        self.ledger.record_photos(catalogue, [result.photo for result in good if result.photo is not None])
        failures = self._settle(pending, ids, {result.id: result for result in results})
        return [result.id for result in good], failures

    def _prepare_one(self, photo: PhotoId, upload: Upload, original: bytes, *, is_sold: bool) -> _Prepared:
        prepare_it = self._prepare_to_sell if is_sold else self._prepare_to_search
        try:
            with self.budget.hold(decode_memory(original, self.size, limits=self.limits), Priority.BULK):
                return prepare_it(photo, original, upload.content_type)
        except PhotoRejectedError as rejection:
            return _Prepared(photo, rejection=rejection)
        except Exception as error:  # one photo's surprise must not sink its neighbours
            log.exception("preparing photo %s failed", photo)
            return _Prepared(photo, failure=f"{type(error).__name__}: {error}")

    def _prepare_to_sell(self, photo: PhotoId, original: bytes, content_type: str) -> _Prepared:
        made = prepare(original, self.size, declared_type=content_type, limits=self.limits)
        facts = Photo(photo, made.media_type, len(original), made.width, made.height, made.perceptual_hash)
        return _Prepared(photo, facts, encode_pixels(made.pixels), made.thumbnail())

    def _prepare_to_search(self, photo: PhotoId, original: bytes, content_type: str) -> _Prepared:
        check_declared_type(content_type)
        if not self.queries.find(photo):  # else the search came first
            made = prepare(original, self.size, limits=self.limits)
            self.queries.keep(PreparedQuery(photo, made.pixels, made.perceptual_hash, is_whole=True))
        return _Prepared(photo)

    def _settle(
        self, pending: Sequence[Upload], ids: dict[UploadId, PhotoId], results: dict[PhotoId, _Prepared]
    ) -> dict[UploadId, str]:
        now = self.clock.now()
        ends = [(upload, results.get(ids[upload.id], _Prepared(ids[upload.id]))) for upload in pending]
        self._reject([(upload, end.rejection) for upload, end in ends if end.rejection is not None])
        failed = [(upload, end.failure) for upload, end in ends if end.failure]
        good = [(upload, end.id) for upload, end in ends if end.rejection is None and not end.failure]
        self.ledger.advance_many(
            [u.failed(why, now) for u, why in failed] + [u.prepared(photo, now) for u, photo in good]
        )
        return {upload.id: why for upload, why in failed}

    def _drop_unused(self, catalogue: CatalogueId, stored: Sequence[PhotoId], standing: Collection[Upload]) -> None:
        # Removal stops uploads before it takes out the photos that they name: what one did not name by then is ours.
        used = {upload.photo for upload in standing if upload.status in _USING}
        if unused := set(stored) - used:
            DropPhotos(self.ledger, self.photos, self.items)(catalogue, unused)

    def _hand_on(self, catalogue: CatalogueId, standing: Collection[Upload]) -> None:
        ready = [u for u in standing if u.status is UploadStatus.PREPARED and not u.is_final]
        self.to_embed.send_many([Pointer(catalogue, upload.id) for upload in ready])
