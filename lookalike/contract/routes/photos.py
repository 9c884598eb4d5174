from typing import Final

from lookalike.contract.models.base import Model, PhotoName
from lookalike.contract.route import Answer, Call, Picture, Route
from lookalike.ports.photo_store import PhotoStore

# A photo's id is the hash of its bytes: what it shows never changes. Private, for it is one catalogue's.
_FOR_EVER: Final = "private, max-age=31536000, immutable"


class PhotoParameters(Model):
    """Which photo."""

    id: PhotoName


def _read_thumbnail(photos: PhotoStore, call: Call[PhotoParameters, None]) -> Answer:
    data = photos.read_thumbnail(call.catalogue, call.parameters.id)
    return Answer(Picture(data, "image/webp"), {"Cache-Control": _FOR_EVER})


READ_THUMBNAIL: Final = Route(
    name="readThumbnail",
    method="GET",
    path="/v1/photos/{id}/thumbnail",
    summary="A photo's picture, its longest side 256 pixels",
    service=lambda services: services.photos,
    handle=_read_thumbnail,
    parameters=PhotoParameters,
    answer="image/webp",
    problems=(404,),
)
