import threading
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from lookalike.adapters.embedded.claims import InProcessClaims
from lookalike.adapters.embedded.forgotten import ForgottenUploads
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.ports.ledger import Claim


class InMemoryLedger:
    """Dictionaries of uploads and photos."""

    def __init__(self) -> None:
        self._uploads: dict[tuple[CatalogueId, UploadId], Upload] = {}
        self._photos: dict[tuple[CatalogueId, PhotoId], Photo] = {}
        self._lock = threading.Lock()
        self._claims = InProcessClaims()
        self._forgotten = ForgottenUploads()

    def _own(self, catalogue: CatalogueId) -> list[Upload]:
        return [upload for upload in self._uploads.values() if upload.catalogue == catalogue]

    def open_many(self, uploads: Sequence[Upload]) -> None:
        """Record new uploads; one whose id is already there keeps its present record."""
        for upload in uploads:
            self._uploads.setdefault((upload.catalogue, upload.id), upload)

    def find_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> dict[UploadId, Upload]:
        """The uploads there are."""
        known = self._uploads
        return {upload: known[catalogue, upload] for upload in uploads if (catalogue, upload) in known}

    def advance_many(self, uploads: Sequence[Upload]) -> list[UploadId]:
        """Replace each record whose stored version is exactly one less; returns the refused ids."""
        with self._lock:
            return [upload.id for upload in uploads if not self._advance(upload)]

    def _advance(self, upload: Upload) -> bool:
        stored = self._uploads.get((upload.catalogue, upload.id))
        if stored is None or stored.version != upload.version - 1:
            return False
        self._uploads[upload.catalogue, upload.id] = upload
        return True

    def uploads_in(
        self, catalogue: CatalogueId, statuses: Collection[UploadStatus], limit: int, *, without_item: bool = False
    ) -> list[Upload]:
        """Up to `limit` uploads in these states, the longest untouched first."""
        own = [u for u in self._own(catalogue) if u.status in statuses and not (without_item and u.item)]
        return sorted(own, key=lambda upload: (upload.updated_at, upload.id))[:limit]

    def uploads_of_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Upload]:
        """Every upload made for these items."""
        return [upload for upload in self._own(catalogue) if upload.item in items]

    def forget_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId], at: datetime) -> None:
        """Delete records, for good."""
        del at
        with self._lock:
            self._forgotten.add(catalogue, uploads)
        for upload in uploads:
            self._uploads.pop((catalogue, upload), None)

    def find_forgotten(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> set[UploadId]:
        """Those that were forgotten and not opened again."""
        return self._forgotten.among(catalogue, uploads) - set(self.find_uploads(catalogue, uploads))

    def count_uploads(self, catalogue: CatalogueId) -> dict[UploadStatus, int]:
        """How many uploads are in each state."""
        return dict(Counter(upload.status for upload in self._own(catalogue)))

    def record_photos(self, catalogue: CatalogueId, photos: Sequence[Photo]) -> None:
        """Remember photos."""
        for photo in photos:
            self._photos.setdefault((catalogue, photo.id), photo)

    def find_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """The photos that are known."""
        known = self._photos
        return {photo: known[catalogue, photo] for photo in photos if (catalogue, photo) in known}

    def forget_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Delete photo records."""
        for photo in photos:
            self._photos.pop((catalogue, photo), None)

    def claim_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claim: Claim) -> list[PhotoId]:
        """Claim photos; those that no other claimant has."""
        return self._claims.claim(catalogue, photos, claim)

    def release_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claimant: str) -> None:
        """End this claimant's claims."""
        self._claims.release(catalogue, photos, claimant)
