from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A pre-signed POST: send `fields` and then the file, as multipart/form-data, to `url` before `expires_at`.

    It allows exactly one key, one content type and at most `max_bytes`.
    """

    url: str
    fields: Mapping[str, str]
    max_bytes: int
    expires_at: datetime


class PhotoStore(Protocol):
    """Keeps bytes: originals by upload; what the model sees and thumbnails by photo.

    Writing the same key again replaces the bytes whole: a reader sees the old or the new, never a part.
    """

    def presign_upload(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form that lets its holder bring in exactly this upload's bytes."""
        ...

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Store originals; durable when this returns."""
        ...

    def read_upload(self, catalogue: CatalogueId, upload: UploadId) -> bytes:
        """The original.

        Raises `NotFoundError` where no bytes have arrived, `PhotoRejectedError` (`too_many_bytes`) where more
        arrived than any form allows.
        """
        ...

    def write_prepared(self, catalogue: CatalogueId, prepared: Mapping[PhotoId, bytes]) -> None:
        """Store prepared photos as `lookalike.imaging.encode_pixels` wrote them.

        They can be made again from the originals, so a store may lose them when the power goes.
        """
        ...

    def read_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, bytes]:
        """The prepared photos there are; missing ones are left out."""
        ...

    def write_thumbnails(self, catalogue: CatalogueId, thumbnails: Mapping[PhotoId, bytes]) -> None:
        """Store WebP thumbnails, as lasting as prepared photos."""
        ...

    def read_thumbnail(self, catalogue: CatalogueId, photo: PhotoId) -> bytes:
        """One WebP thumbnail. Raises `NotFoundError`."""
        ...

    def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Forget originals; unknown ones are ignored."""
        ...

    def delete_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos but keep their thumbnails; unknown ones are ignored."""
        ...

    def delete_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos and thumbnails; unknown ones are ignored."""
        ...
