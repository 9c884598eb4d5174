from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.ports.clock import Clock
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore

LIFETIME: Final = timedelta(days=1)
"""How long a shopper's photo, or an upload whose bytes never came, is kept."""
_PAGE: Final = 1000
_WITH_BYTES: Final = frozenset(UploadStatus) - {UploadStatus.REQUESTED}


@dataclass(frozen=True, slots=True)
class ExpireUploads:
    """Forget shoppers' photos and upload requests that came to nothing, so that neither grows without bound."""

    ledger: Ledger
    photos: PhotoStore
    clock: Clock

    def __call__(self, catalogue: CatalogueId, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Forgets every upload that nothing happened to for a day, 2,000 at a time at most; how many there were.

        The bytes go before the record that leads to them, so that a run that is cut short, or stops between two
        pages because `is_stopping`, leaves to the next what it did not do.
        """
        forgotten = 0
        while not is_stopping() and (expired := self._oldest(catalogue)):
            self.photos.delete_uploads(catalogue, expired)
            self.ledger.forget_uploads(catalogue, expired, self.clock.now())
            forgotten += len(expired)
        return forgotten

    def _oldest(self, catalogue: CatalogueId) -> list[UploadId]:
        latest = self.clock.now() - LIFETIME
        uploads = [
            *self.ledger.uploads_in(catalogue, [UploadStatus.REQUESTED], _PAGE),
            *self.ledger.uploads_in(catalogue, _WITH_BYTES, _PAGE, without_item=True),
        ]
        return [upload.id for upload in uploads if upload.updated_at <= latest]
