"""Opening a picture: its header is read and judged, its pixels are not."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from PIL import Image, ImageFile
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
from lookalike.imaging.container import count_jpeg_scans, ends_early, webp_size
from lookalike.imaging.limits import Limits
from lookalike.imaging.memory import is_buffered
from lookalike.imaging.silence import pillow_silenced


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


class _Jpeg(JpegImageFile):
    """Pillow's reader, without its look into EXIF for a print resolution: that decodes, and warns of, every tag."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


# Made directly rather than by `Image.open`: nothing is registered, no other format is tried (a JPEG that claims to
# be many is read as its first), and the limits are ours instead of a process-wide number.
_READERS: Final[dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]]] = {
    "image/jpeg": _Jpeg,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
    "image/avif": AvifImageFile,
    "image/heic": HeifImageFile,
    "image/tiff": TiffImageFile,
    "image/gif": GifImageFile,
    "image/bmp": BmpImageFile,
}
_TALKATIVE: Final = frozenset({"image/tiff", "image/png", "image/avif"})
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
    check_before_opening(data, media_type, limits)
    image = _READERS[media_type](_MeteredBytes(data, limits.max_reads))
    if isinstance(image, JpegImageFile):
        check_size(*image.size, limits, limits.max_scaled_pixels)
        _check_scans(image, data, limits)
    else:
        check_size(*image.size, limits, limits.max_pixels)
    return image


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
    scans = count_jpeg_scans(data, _scan_data_start(image), limits.max_scans)
    if scans > limits.max_scans:
        raise PhotoRejectedError(
            Rejection.CORRUPT, f"The JPEG is stored in more than {limits.max_scans} passes; no camera does that."
        )


def _scan_data_start(image: JpegImageFile) -> int:
    assert image.fp is not None  # noqa: S101 (open until it is loaded)
    return image.fp.tell()
