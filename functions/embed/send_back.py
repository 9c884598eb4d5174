from collections.abc import Sequence
from dataclasses import dataclass

from lookalike.domain.upload import UploadStatus
from lookalike.ports.ledger import Ledger
from lookalike.ports.work_queue import Pointer, WorkQueue
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.outcome import Outcome, by_catalogue


@dataclass(frozen=True, slots=True)
class SendBack:
    """Index photos; those whose prepared photo is gone go back to be prepared anew, rather than fail here for ever."""

    index_photos: IndexPhotos
    ledger: Ledger
    received: WorkQueue

    def __call__(self, pointers: Sequence[Pointer]) -> list[Outcome]:
        """One outcome a pointer; what was sent back is done here. Raises what the service and the queue raise."""
        outcomes = self.index_photos(pointers)
        back = self._failed([outcome.pointer for outcome in outcomes if not outcome.done])
        self.received.send_many(sorted(back, key=lambda pointer: pointer.upload))
        return [Outcome(outcome.pointer) if outcome.pointer in back else outcome for outcome in outcomes]

    def _failed(self, pointers: Sequence[Pointer]) -> set[Pointer]:
        failed = set()
        for catalogue, group in by_catalogue(pointers):
            there = self.ledger.find_uploads(catalogue, [pointer.upload for pointer in group])
            failed |= {Pointer(catalogue, u.id) for u in there.values() if u.status is UploadStatus.FAILED}
        return failed
