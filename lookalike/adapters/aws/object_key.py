"""Keys of objects in the bucket: ``uploads/<catalogue>/<upload>``, ``prepared|thumbnails/<catalogue>/<photo>``."""

from typing import Final
from urllib.parse import unquote_plus

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError

UPLOADS: Final = "uploads"
PREPARED: Final = "prepared"
THUMBNAILS: Final = "thumbnails"
QUERY_TAG: Final = ("purpose", "query")
"""Key and value of the tag on originals to search with, by which the bucket forgets them; items' have none."""
_PARTS: Final = 3


def object_key(kind: str, catalogue: CatalogueId, name: UploadId | PhotoId) -> str:
    """Where something of a catalogue lies; none of the parts can hold a slash."""
    return f"{kind}/{catalogue}/{name}"


def parse_object_key(key: str) -> tuple[CatalogueId, UploadId]:
    """The upload that an S3 event record's key names; records write keys as forms do (``+``, ``%2F``).

    Raises `InvalidRequestError` for any key that is not exactly an upload's.
    """
    try:
        parts = unquote_plus(key, errors="strict").split("/")
    except UnicodeDecodeError:
        raise InvalidRequestError("key", f"{key!r:.200} is not UTF-8") from None
    if len(parts) != _PARTS or parts[0] != UPLOADS:
        raise InvalidRequestError("key", f"{key!r:.200} is not {UPLOADS}/<catalogue>/<upload>")
    return CatalogueId(parts[1]), UploadId(parts[2])
