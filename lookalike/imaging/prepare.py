from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.colour import to_continuous, to_srgb
from lookalike.imaging.crop import WHOLE, check_region
from lookalike.imaging.decode import Stored, check_size, decode, open_header, upright_size
from lookalike.imaging.letterbox import fit, letterbox
from lookalike.imaging.limits import Limits
from lookalike.imaging.orient import Box, orient, stored_box
from lookalike.imaging.perceptual_hash import perceptual_hash
from lookalike.imaging.rejections import decoder_errors_as_rejections
from lookalike.imaging.sniff import check_declared_type, sniff
from lookalike.imaging.thumbnail import THUMBNAIL_SIDE, encode_thumbnail

PREPARATION_VERSION: Final = "1"
"""Part of every ModelVersion: raised when the same bytes would give other pixels."""

_GAP: Final = 2.0
"""How much larger than its result a picture is before the last, careful resampling (Pillow's `reducing_gap`)."""


@dataclass(frozen=True, slots=True)
class PreparedPhoto:
    """What the model sees of a photo, and what a shop shows of it."""

    pixels: npt.NDArray[np.uint8]
    """uint8 [size, size, 3], sRGB, letterboxed on white, C-contiguous."""
    width: int
    """Of the whole photo in pixels, upright."""
    height: int
    media_type: str
    """Judged by the bytes, e.g. ``image/jpeg``."""
    perceptual_hash: int
    """64 bits; see `perceptual_hash`."""
    _small: Image.Image = field(repr=False, compare=False)

    def thumbnail(self) -> bytes:
        """The whole photo, upright, as WebP with a longest side of 256 pixels (less where the photo is smaller)."""
        return encode_thumbnail(self._small)


def prepare(
    data: bytes,
    size: int,
    *,
    declared_type: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    region: Box | None = None,
) -> PreparedPhoto:
    """Decode a photo and make it what the model sees: upright, sRGB, letterboxed to `size` × `size` on white.

    `region` is (left, top, right, bottom) in 0..1 of the upright photo. Of several frames the first is used.
    `declared_type` is what the sender called the bytes; only a type that is no image is held against them.

    Raises `PhotoRejectedError` where the photo cannot be used, `InvalidRequestError` for an impossible region.
    """
    media_type = _check_bytes(data, declared_type, limits)
    with decoder_errors_as_rejections(data, media_type), open_header(data, media_type) as header:
        check_size(*header.size, limits)
        width, height = upright_size(header)
        box = check_region(region, width, height, limits.min_side)
        stored = decode(header, _shrink(width, height, box, size))
        content = _render(stored, box, size)
        small = _render(stored, WHOLE, min(THUMBNAIL_SIDE, max(width, height)))
    return PreparedPhoto(letterbox(content, size), width, height, media_type, perceptual_hash(content), small)


def _check_bytes(data: bytes, declared_type: str | None, limits: Limits) -> str:
    if len(data) > limits.max_bytes:
        raise PhotoRejectedError(
            Rejection.TOO_MANY_BYTES,
            f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted.",
        )
    media_type = sniff(data)
    check_declared_type(declared_type)
    return media_type


def _shrink(width: int, height: int, box: Box, size: int) -> float:
    """How many times smaller the picture may be decoded and still leave every result enough pixels."""
    longest = max((box[2] - box[0]) * width, (box[3] - box[1]) * height)
    return min(longest / (size * _GAP), max(width, height) / THUMBNAIL_SIDE)


def _render(stored: Stored, box: Box, side: int) -> Image.Image:
    """A box of the upright picture as upright sRGB, its longest side `side` pixels."""
    left, top, right, bottom = stored_box(box, stored.orientation)
    across, down = stored.extent
    part = (left * across, top * down, right * across, bottom * down)
    target = fit(part[2] - part[0], part[3] - part[1], side)
    image = to_continuous(stored.image)
    resized = image.resize(target, Image.Resampling.BICUBIC, box=part, reducing_gap=_GAP)
    return orient(to_srgb(resized, stored.profile), stored.orientation)
