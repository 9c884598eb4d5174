from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ImageFile

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.container import webp_size
from lookalike.imaging.crop import WHOLE, crop_box
from lookalike.imaging.decode import Stored, decode, load_unless_scalable, upright_size
from lookalike.imaging.header import check_before_opening, open_header, silence_for
from lookalike.imaging.letterbox import letterbox
from lookalike.imaging.limits import Limits
from lookalike.imaging.memory import WEBP_BYTES_A_PIXEL, bytes_a_pixel, memory_to_decode
from lookalike.imaging.orient import Box
from lookalike.imaging.perceptual_hash import perceptual_hash
from lookalike.imaging.rejections import decoder_errors_as_rejections
from lookalike.imaging.render import GAP, render
from lookalike.imaging.sniff import check_declared_type, sniff
from lookalike.imaging.stopwatch import OnStage, stage
from lookalike.imaging.thumbnail import THUMBNAIL_SIDE, encode_webp, keep_for_thumbnail, render_thumbnail

PREPARATION_VERSION: Final = "1"
"""Part of every ModelVersion: raised when the same bytes would give other pixels."""


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
    """64 bits of what `pixels` shows; see `lookalike.imaging.perceptual_hash`."""
    _source: Stored = field(repr=False, compare=False)

    def thumbnail(self) -> bytes:
        """The whole photo, upright, as WebP with a longest side of 256 pixels (less where the photo is smaller)."""
        return encode_webp(render_thumbnail(self._source))


def prepare(
    data: bytes,
    size: int,
    *,
    declared_type: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    region: Box | None = None,
    on_stage: OnStage | None = None,
) -> PreparedPhoto:
    """Decode a photo and make it what the model sees: upright, sRGB, letterboxed to `size` x `size` on white.

    `region` is (left, top, right, bottom) in 0..1 of the upright photo. Of several frames the first is used.
    `declared_type` is what the sender called the bytes; only a type that is no image is held against them.
    `on_stage` is told how many seconds ``decode`` and ``render`` took.

    Memory, measured in bytes a pixel beside the file: a JPEG none to speak of (a region of it up to 4, a progressive
    one 3 to 6 more), PNG, TIFF, BMP 4 and twice that with alpha, GIF and palettes 5, HEIC 7, AVIF 9, WebP 12. The
    decoders, not we, set these; `decode_memory` tells an upper bound for a file.

    Raises `PhotoRejectedError` where the photo cannot be used, `InvalidRequestError` for an impossible region.
    """
    media_type = _judge_bytes(data, declared_type, limits)
    with silence_for(media_type), decoder_errors_as_rejections(data, media_type):
        if media_type == "image/webp":
            _check_memory(_webp_memory(data, limits), limits)
        with stage("decode", on_stage), open_header(data, media_type, limits) as image:
            _check_memory(_memory(image, data, size, limits, region), limits)
            load_unless_scalable(image, limits.max_pixels)
            width, height = upright_size(image)
            box = crop_box(region, width, height, limits.min_side)
            stored = decode(image, _shrink(width, height, box, size), limits.max_pixels)
        with stage("render", on_stage):
            content = render(stored, box, size)
            source = keep_for_thumbnail(stored)
    return PreparedPhoto(letterbox(content, size), width, height, media_type, perceptual_hash(content), source)


def decode_memory(
    data: bytes,
    size: int,
    *,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    region: Box | None = None,
) -> int:
    """How many bytes `prepare` takes at most for these arguments beside `data`, judged by the header alone.

    Raises `PhotoRejectedError` where the header is reason enough to turn the photo away, as `prepare` would.
    """
    media_type = _judge_bytes(data, None, limits)
    with silence_for(media_type), decoder_errors_as_rejections(data, media_type):
        if media_type == "image/webp":  # whose reader takes half of its memory as it opens the file
            return _webp_memory(data, limits)
        with open_header(data, media_type, limits) as image:
            return _memory(image, data, size, limits, region)


def _webp_memory(data: bytes, limits: Limits) -> int:
    check_before_opening(data, "image/webp", limits)
    return memory_to_decode(*webp_size(data), WEBP_BYTES_A_PIXEL, len(data))


def _memory(image: ImageFile.ImageFile, data: bytes, size: int, limits: Limits, region: Box | None) -> int:
    width, height = image.size
    box = region or WHOLE
    # Some readers tell the orientation after the pixels: either side may be cut to either share.
    shrink = min(_shrink(width, height, box, size), _shrink(height, width, box, size))
    return memory_to_decode(width, height, bytes_a_pixel(image, shrink, limits.max_pixels), len(data))


def _check_memory(needed: int, limits: Limits) -> None:
    if needed > limits.max_memory:
        raise PhotoRejectedError(
            Rejection.TOO_MANY_PIXELS,
            f"The photo would take {needed // 10**6:,} MB to decode; at most {limits.max_memory // 10**6:,} are spent.",
        )


def _judge_bytes(data: bytes, declared_type: str | None, limits: Limits) -> str:
    if len(data) > limits.max_bytes:
        raise PhotoRejectedError(
            Rejection.TOO_MANY_BYTES,
            f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted.",
        )
    media_type = sniff(data)
    check_declared_type(declared_type)
    return media_type


def _shrink(width: int, height: int, box: Box, size: int) -> float:
    """How many times smaller the picture may be decoded and still leave each of its uses enough pixels."""
    left, top, right, bottom = box
    longest = max((right - left) * width, (bottom - top) * height)
    return min(longest / (size * GAP), max(width, height) / THUMBNAIL_SIDE)
