"""Opening a picture: its header is read and judged, its pixels are not."""

import io
import re
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging import ifd
from lookalike.imaging.av1 import coded_pixels
from lookalike.imaging.blocks import first_gif_frame, split_webp
from lookalike.imaging.colour import KEY, LOW_BYTES
from lookalike.imaging.container import count_jpeg_scans, ends_early, webp_size
from lookalike.imaging.jpeg import END, WITHOUT_END, has_end, split_jpeg
from lookalike.imaging.limits import Limits
from lookalike.imaging.memory import is_buffered
from lookalike.imaging.png import split_png
from lookalike.imaging.silence import pillow_silenced
from lookalike.imaging.tiff import SampleTiff, is_misread, is_readable, loses_planes


class _MeteredBytes(io.BytesIO):
    """A file in memory that may be read so many times: readers walk chunks in Python, one read and more each."""

    def __init__(self, data: bytes, max_reads: int) -> None:
        super().__init__(data)
        self._left = max_reads

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError("the file is in too many pieces")
        return super().read(size)


class _Webp(WebPImageFile):
    """Pillow's reader, which lets go of its decoder, two canvases of the picture, once it has the first frame."""

    def _get_next(self) -> tuple[bytes, int, int]:
        frame = super()._get_next()
        del self._decoder
        return frame


_TALKATIVE: Final = frozenset({"image/tiff", "image/png", "image/avif"})
_EXIF_ITEM: Final = re.compile(rb"(infe\x02.{7})Exif", re.DOTALL)
"""Where an AVIF's item list (ISO/IEC 14496-12 §8.11.6, version 2) says that an item is EXIF."""
_WIDE: Final = 16
"""Bits of a number that Pillow cannot hold in colours."""
_NATIVE: Final = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}
_WEBP_IN_TIFF: Final = (50_001,)
_MAX_SAMPLES: Final = 6
"""Channels of a TIFF that Pillow reads; it logs an error about more."""
_AVIF_PLANES: Final = 4
"""How often an AVIF may code its area: colour and alpha, and again as a sequence or in tiles that overhang."""


def silence_for(media_type: str) -> AbstractContextManager[None]:
    """A context in which that reader keeps its remarks to itself; JPEGs, which make none, do not pay for it."""
    return pillow_silenced() if media_type in _TALKATIVE else nullcontext()


def open_header(data: bytes, media_type: str, limits: Limits) -> ImageFile.ImageFile:
    """Read the header alone and hold it against the limits; pixels follow on `load`.

    Raises `PhotoRejectedError`, and whatever the reader raises on a file that is damaged.
    """
    if media_type == "image/jpeg":
        return _open_jpeg(data, limits)
    check_before_opening(data, media_type, limits)
    image = _OPENERS[media_type](data, limits)
    check_size(*image.size, limits, limits.max_pixels)
    return image


def _open_jpeg(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    parts = split_jpeg(data, limits.max_reads)
    picture = parts.picture if has_end(parts.picture) else parts.picture + END
    image = JpegImageFile(_MeteredBytes(picture, limits.max_reads))
    check_size(*image.size, limits, limits.max_scaled_pixels)
    _check_scans(image, picture, limits)
    image.info |= {"exif": parts.exif, "icc_profile": parts.profile}
    if picture is not parts.picture:
        image.info[WITHOUT_END] = parts.picture
    return image


def _open_png(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    parts = split_png(data, limits.max_reads)
    image = PngImageFile(_MeteredBytes(parts.picture, limits.max_reads))
    image.info |= {"exif": parts.exif, "icc_profile": parts.profile}
    if parts.key is None:
        return image
    if parts.depth < _WIDE:  # Pillow spreads fewer bits over 8, but not the key
        values = [value * 255 // ((1 << parts.depth) - 1) for value in parts.key]
        image.info["transparency"] = tuple(values) if len(values) > 1 else values[0]
        return image
    image.info[KEY] = parts.key
    if image.mode == "RGB":  # Pillow keeps the high byte of each number; the key needs the low one too
        low = PngImageFile(_MeteredBytes(parts.picture, limits.max_reads))
        low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
        image.info[LOW_BYTES] = low
    return image


def _open_avif(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    try:
        return AvifImageFile(_MeteredBytes(data, limits.max_reads))
    except (SyntaxError, ValueError, struct.error):  # perhaps no more than its EXIF is damaged
        return AvifImageFile(_MeteredBytes(_EXIF_ITEM.sub(rb"\1none", data), limits.max_reads))


def _open_webp(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    parts = split_webp(data, limits.max_reads)
    image = _Webp(_MeteredBytes(parts.picture, limits.max_reads))
    image.info |= {"exif": parts.exif, "icc_profile": parts.profile}
    return image


def _open_gif(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    return GifImageFile(_MeteredBytes(first_gif_frame(data, limits.max_reads), limits.max_reads))


def _open_heic(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    image: ImageFile.ImageFile = HeifImageFile(_MeteredBytes(data, limits.max_reads))  # type: ignore[no-untyped-call]
    return image


def _open_bmp(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    return BmpImageFile(_MeteredBytes(data, limits.max_reads))


def _open_tiff(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    tags, picture = ifd.read_first_ifd(data), ifd.only_pixels(data)
    image = _open_pixels(picture, tags, limits)
    image.info["icc_profile"] = ifd.read_profile(data)
    return image


def _open_pixels(picture: bytes, tags: ifd.Tags, limits: Limits) -> ImageFile.ImageFile:
    if is_misread(tags) and is_readable(tags):
        return SampleTiff(io.BytesIO(picture))
    if loses_planes(tags):
        raise ValueError("unsupported planes")
    try:
        image = TiffImageFile(_MeteredBytes(picture, limits.max_reads))
    except SyntaxError:
        if not is_readable(tags):
            raise
        return SampleTiff(io.BytesIO(picture))
    _mend_tile(image, tags)
    return image


def _mend_tile(image: TiffImageFile, tags: ifd.Tags) -> None:
    """Let libtiff read YCbCr, whose subsampling Pillow does not know, and take its numbers in this machine's order."""
    if image.mode == "YCbCr":
        width, height = ifd.number(tags, ifd.WIDTH, 0), ifd.number(tags, ifd.HEIGHT, 0)
        image._mode, image.use_load_libtiff = "RGB", True  # noqa: SLF001 (as its own set-up does)
        image.tile = [ImageFile._Tile("libtiff", (0, 0, width, height), 0, ("RGBX", False, image.tag_v2.offset))]  # noqa: SLF001
    for tile in image.tile[:1]:
        if tile.codec_name == "libtiff" and isinstance(tile.args, tuple):
            raw, *others = tile.args
            image.tile = [tile._replace(args=(_NATIVE.get(raw, raw), *others))]


# Readers are made directly rather than by `Image.open`: nothing is registered, no other format is tried (a JPEG that
# claims to be many is read as its first), and the limits are ours instead of a process-wide number.
_OPENERS: Final[dict[str, Callable[[bytes, Limits], ImageFile.ImageFile]]] = {
    "image/jpeg": _open_jpeg,
    "image/png": _open_png,
    "image/webp": _open_webp,
    "image/avif": _open_avif,
    "image/heic": _open_heic,
    "image/tiff": _open_tiff,
    "image/gif": _open_gif,
    "image/bmp": _open_bmp,
}


def check_size(width: int, height: int, limits: Limits, max_pixels: int) -> None:
    """Raises `PhotoRejectedError`: `too_many_pixels` or `too_small`."""
    if width * height > max_pixels:
        raise PhotoRejectedError(
            Rejection.TOO_MANY_PIXELS,
            f"The photo has {width} x {height} pixels; at most {max_pixels:,} are accepted.",
        )
    if min(width, height) < limits.min_side:
        raise PhotoRejectedError(
            Rejection.TOO_SMALL,
            f"The photo has {width} x {height} pixels; at least {limits.min_side} each way are needed.",
        )


def check_before_opening(data: bytes, media_type: str, limits: Limits) -> None:
    """Where the reader itself would spend memory on a claim, or run in Python pixel by pixel."""
    if media_type == "image/webp":
        check_size(*webp_size(data), limits, limits.max_pixels)
    elif media_type == "image/tiff":
        _check_tiff(data, limits)
    elif media_type == "image/avif":
        _check_avif(data, limits)
    elif media_type == "image/bmp" and data[30:34] not in {b"\0\0\0\0", b"\3\0\0\0"} and data[14:15] != b"\x0c":
        raise ValueError("unsupported compression")


def _check_tiff(data: bytes, limits: Limits) -> None:
    if ends_early(data, "image/tiff"):
        raise ValueError("truncated")  # libtiff would say so too, but to the terminal
    tags = ifd.read_first_ifd(data)
    if tags.get(ifd.COMPRESSION) == _WEBP_IN_TIFF:
        raise ValueError("unsupported compression")  # of which libtiff would complain to the terminal
    tile = tags.get(ifd.TILE_WIDTH, (1,))[0] * tags.get(ifd.TILE_LENGTH, (1,))[0]
    if tile > limits.max_pixels:
        raise PhotoRejectedError(Rejection.TOO_MANY_PIXELS, f"The TIFF is stored in tiles of {tile:,} pixels.")
    if max(tags.get(ifd.SAMPLES_PER_PIXEL, (1,))) > _MAX_SAMPLES:
        raise ValueError("unsupported number of channels")


def _check_avif(data: bytes, limits: Limits) -> None:
    coded = coded_pixels(data)
    if max(coded, default=0) > limits.max_pixels or sum(coded) > _AVIF_PLANES * limits.max_pixels:
        raise PhotoRejectedError(Rejection.TOO_MANY_PIXELS, f"The AVIF unfolds into {sum(coded):,} pixels.")


def _check_scans(image: JpegImageFile, data: bytes, limits: Limits) -> None:
    """Every scan of a JPEG walks the whole picture again, however few bytes it has."""
    if not is_buffered(image):
        return  # libjpeg reads a single scan of these, so the file need not be searched for more
    most = max(1, min(limits.max_scans, limits.max_pixel_scans // (image.width * image.height)))
    if count_jpeg_scans(data, _scan_data_start(image), most) > most:
        raise PhotoRejectedError(
            Rejection.CORRUPT, f"The JPEG is stored in more than {most} passes; no camera does that."
        )


def _scan_data_start(image: JpegImageFile) -> int:
    assert image.fp is not None  # noqa: S101 (open until it is loaded)
    return image.fp.tell()
