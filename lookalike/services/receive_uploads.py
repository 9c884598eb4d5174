from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

    def __call__(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Durable when this returns.

        Raises `NotFoundError` for an unknown upload, `ConflictError` for one that is past receiving: its bytes stay.
        """
        known = self.ledger.find_uploads(catalogue, list(originals))
        for upload in originals:
            if upload not in known:
                raise NotFoundError(f"no upload {upload}")
            if known[upload].status not in WAITING:
                raise ConflictError(f"upload {upload} is {known[upload].status} already")
        self.photos.write_uploads(catalogue, originals)
        mark_received(self.ledger, self.clock, list(known.values()))
        self.received.send_many([Pointer(catalogue, upload) for upload in originals])


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
