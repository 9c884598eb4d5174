from collections.abc import Mapping, Sequence
from datetime import datetime

from lookalike.adapters.embedded.upload_form import UploadForms
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import NotFoundError
from lookalike.ports.photo_store import UploadForm


class InMemoryPhotoStore:
    """Dictionaries of bytes; `forms` signs with a secret that everybody knows."""

    def __init__(self) -> None:
        self.forms = UploadForms(b"a secret for tests only, 32 bytes")
        self.uploads: dict[tuple[CatalogueId, UploadId], bytes] = {}
        self.prepared: dict[tuple[CatalogueId, PhotoId], bytes] = {}
        self.thumbnails: dict[tuple[CatalogueId, PhotoId], bytes] = {}

    def presign_upload(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form that lets its holder bring in exactly this upload's bytes."""
        return self.forms.presign(upload, max_bytes, expires_at)

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Store originals."""
        self.uploads.update({(catalogue, upload): data for upload, data in originals.items()})

    def read_upload(self, catalogue: CatalogueId, upload: UploadId) -> bytes:
        """The original. Raises `NotFoundError`."""
        if (catalogue, upload) not in self.uploads:
            raise NotFoundError(f"no bytes have arrived for upload {upload}")
        return self.uploads[catalogue, upload]

    def write_prepared(self, catalogue: CatalogueId, prepared: Mapping[PhotoId, bytes]) -> None:
        """Store prepared photos."""
        self.prepared.update({(catalogue, photo): data for photo, data in prepared.items()})

    def read_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, bytes]:
        """The prepared photos there are."""
        return {photo: self.prepared[catalogue, photo] for photo in photos if (catalogue, photo) in self.prepared}

    def write_thumbnails(self, catalogue: CatalogueId, thumbnails: Mapping[PhotoId, bytes]) -> None:
        """Store thumbnails."""
        self.thumbnails.update({(catalogue, photo): data for photo, data in thumbnails.items()})

    def read_thumbnail(self, catalogue: CatalogueId, photo: PhotoId) -> bytes:
        """One thumbnail. Raises `NotFoundError`."""
        if (catalogue, photo) not in self.thumbnails:
            raise NotFoundError(f"no thumbnail of photo {photo}")
        return self.thumbnails[catalogue, photo]

    def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Forget originals."""
        for upload in uploads:
            self.uploads.pop((catalogue, upload), None)

    def delete_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos and thumbnails."""
        for photo in photos:
            self.prepared.pop((catalogue, photo), None)
            self.thumbnails.pop((catalogue, photo), None)
