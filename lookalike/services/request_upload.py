from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import InvalidRequestError, NotFoundError
from lookalike.imaging.limits import Limits
from lookalike.ports.clock import Clock
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore, UploadForm

FORM_LIFETIME: Final = timedelta(minutes=10)
CONTENT_TYPES: Final = frozenset(
    f"image/{kind}" for kind in ("jpeg", "png", "webp", "avif", "heic", "heif", "tiff", "gif", "bmp")
)


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """A new upload and the form that brings its bytes in."""

    upload: Upload
    form: UploadForm


@dataclass(frozen=True, slots=True)
class RequestUpload:
    """Open an upload: for an item's photo, or without an item for a photo to search with."""

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    clock: Clock
    limits: Limits

    def __call__(self, catalogue: CatalogueId, content_type: str, item: ItemId | None = None) -> UploadTicket:
        """Raises `InvalidRequestError` for a content type we do not read, `NotFoundError` for no such item."""
        if content_type not in CONTENT_TYPES:
            raise InvalidRequestError("content_type", f"must be one of {', '.join(sorted(CONTENT_TYPES))}")
        if item is not None and item not in self.items.get_many(catalogue, [item]):
            raise NotFoundError(f"no item {item}")
        now = self.clock.now()
        upload = Upload(
            id=UploadId.new(),
            catalogue=catalogue,
            content_type=content_type,
            requested_at=now,
            updated_at=now,
            item=item,
        )
        self.ledger.open_many([upload])
        return UploadTicket(upload, self.photos.presign_upload(upload, self.limits.max_bytes, now + FORM_LIFETIME))
