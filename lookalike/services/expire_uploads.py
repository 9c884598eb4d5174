from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.ports.clock import Clock
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore

LIFETIME: Final = timedelta(days=1)
"""How long a shopper's photo, or an upload whose bytes never came, is kept."""
_PAGE: Final = 1000
_PASSING = (UploadStatus.REQUESTED, UploadStatus.RECEIVED, UploadStatus.PREPARED, UploadStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class ExpireUploads:
    """Forget shoppers' photos and upload requests that came to nothing, so that neither grows without bound."""

    ledger: Ledger
    photos: PhotoStore
    clock: Clock

    def __call__(self, catalogue: CatalogueId) -> int:
        """Forgets up to 1,000 uploads that nothing happened to for a day; how many there were."""
        expired = self._expired(catalogue)
        self.photos.delete_uploads(catalogue, [upload.id for upload in expired])
        self.ledger.forget_uploads(catalogue, [upload.id for upload in expired], self.clock.now())
        return len(expired)

    def _expired(self, catalogue: CatalogueId) -> list[Upload]:
        # Old uploads that stay (an item's rejected photos) may fill a page: look behind them.
        latest, page = self.clock.now() - LIFETIME, _PAGE
        while True:
            oldest = self.ledger.uploads_in(catalogue, _PASSING, page)
            expired = [upload for upload in oldest if upload.updated_at <= latest and _is_passing(upload)]
            if expired or len(oldest) < page or oldest[-1].updated_at > latest:
                return expired[:_PAGE]
            page *= 2


def _is_passing(upload: Upload) -> bool:
    return upload.item is None or upload.status is UploadStatus.REQUESTED
