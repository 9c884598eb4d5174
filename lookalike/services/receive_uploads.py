from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import ConflictError, NotFoundError
from lookalike.ports.clock import Clock
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.work_queue import Pointer, WorkQueue

WAITING = frozenset({UploadStatus.REQUESTED, UploadStatus.FAILED})


@dataclass(frozen=True, slots=True)
class ReceiveUploads:
    """Take bytes in where no bucket does it for us: store, mark as received, hand on."""

    ledger: Ledger
    photos: PhotoStore
    received: WorkQueue
    clock: Clock

    _arriving: set[tuple[CatalogueId, UploadId]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Durable when this returns.

        Raises `NotFoundError` for an unknown upload, `ConflictError` for one whose bytes are there or are being
        stored: the first writer's bytes stay. Where storing fails, or the process dies before it is recorded, the
        upload can be sent again.
        """
        with self._alone(catalogue, originals):
            known = self.ledger.find_uploads(catalogue, list(originals))
            for upload in originals:
                if upload not in known:
                    raise NotFoundError(f"no upload {upload}")
                if known[upload].status is not UploadStatus.REQUESTED:
                    raise ConflictError(f"upload {upload} is {known[upload].status} already")
            self.photos.write_uploads(catalogue, originals)
            now = self.clock.now()
            if lost := self.ledger.advance_many([upload.received(now) for upload in known.values()]):
                raise ConflictError(f"upload {lost[0]} was changed while its bytes came in")
        self.received.send_many([Pointer(catalogue, upload) for upload in originals])

    @contextmanager
    def _alone(self, catalogue: CatalogueId, uploads: Collection[UploadId]) -> Iterator[None]:
        # Within this process, which is enough: a catalogue whose bytes come in this way is open in one alone.
        mine = {(catalogue, upload) for upload in uploads}
        with self._lock:
            if taken := mine & self._arriving:
                raise ConflictError(f"upload {min(taken)[1]} is being received already")
            self._arriving.update(mine)
        try:
            yield
        finally:
            with self._lock:
                self._arriving.difference_update(mine)


def mark_received(ledger: Ledger, clock: Clock, uploads: Sequence[Upload]) -> list[Upload]:
    """Move those that wait for their bytes to `received`; return all as they now stand.

    Where another consumer of the same message got there first, its record is taken over.
    """
    now = clock.now()
    moved = {upload.id: upload.received(now) for upload in uploads if upload.status in WAITING}
    lost = ledger.advance_many(list(moved.values()))
    current = {upload.id: upload for upload in uploads} | moved
    if lost:
        current |= ledger.find_uploads(uploads[0].catalogue, lost)
    return list(current.values())
