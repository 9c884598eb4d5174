from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

from lookalike.client.transport import Transport
from lookalike.contract.models.uploads import RequestUploadBody, TicketView, UploadView
from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from lookalike.errors import ConflictError, PhotoRejectedError, Rejection

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0

# The bytes decide in the end; this is what a store keeps beside them.
_MAGIC: Final = (
    (0, b"\x89PNG", "image/png"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II", "image/tiff"),
    (0, b"MM", "image/tiff"),
    (4, b"ftypavi", "image/avif"),
    (4, b"ftyp", "image/heic"),
)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Photos into the catalogue by two steps: a form from the API, the bytes to where the form says."""

    transport: Transport
    patience_s: float = 120.0

    def bring(self, data: bytes, item: ItemId | None = None) -> UploadId:
        """Send one photo: an item's, or one to search with. Raises `PhotoRejectedError` where it is too large."""
        body = RequestUploadBody(content_type=_media_type(data), item=item)
        # Safe to repeat: a second form of one item's photo is the first again, and one that nobody uses expires.
        ticket = self.transport.read(TicketView, "POST", "v1/uploads", body, safe=True)
        if len(data) > ticket.form.max_bytes:
            raise PhotoRejectedError(
                Rejection.TOO_MANY_BYTES,
                f"The file has {len(data):,} bytes; at most {ticket.form.max_bytes:,} are accepted.",
            )
        with suppress(ConflictError):  # it is there: the answer to an earlier try was lost
            self.transport.post_form(ticket.form.url, ticket.form.fields, data)
        return ticket.upload

    def settled(self, upload: UploadId) -> UploadView:
        """Where the upload stands once nothing more will happen to it, or when patience ends."""
        deadline, pause = monotonic() + self.patience_s, _FIRST_PAUSE_S
        while True:
            view = self.transport.read(UploadView, "GET", f"v1/uploads/{upload}")
            if view.is_final or monotonic() >= deadline:
                return view
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _media_type(data: bytes) -> str:
    found = (media_type for at, magic, media_type in _MAGIC if data[at : at + len(magic)] == magic)
    return next(found, "image/jpeg")
