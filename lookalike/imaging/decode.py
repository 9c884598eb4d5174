import io
from collections.abc import Callable
from dataclasses import dataclass
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
from lookalike.imaging.limits import Limits
from lookalike.imaging.orient import UPRIGHT, read_orientation, swaps_sides


class _Jpeg(JpegImageFile):
    """Pillow's reader, without its look into EXIF for a print resolution we have no use for."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


# Made directly rather than by `Image.open`: nothing is registered, no other format is tried, and the limits are
# ours instead of a process-wide number.
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


@dataclass(frozen=True, slots=True)
class Stored:
    """A decoded picture as it was stored: not upright yet, in its own colours, perhaps at reduced scale.

    `extent` is its true width and height in pixels of `image`: reduced sides are seldom whole numbers.
    """

    image: Image.Image
    extent: tuple[float, float]
    orientation: int
    profile: bytes | None


def open_header(data: bytes, media_type: str) -> ImageFile.ImageFile:
    """Read the header alone; pixels follow on `load`."""
    return _READERS[media_type](io.BytesIO(data))


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation; 1 where the reader has turned the picture itself."""
    if isinstance(image, TiffImageFile | HeifImageFile):
        return UPRIGHT
    exif = image.info.get("exif")
    return read_orientation(exif) if isinstance(exif, bytes) else UPRIGHT


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after orientation."""
    width, height = image.size
    return (height, width) if swaps_sides(orientation_of(image)) else (width, height)


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raises `PhotoRejectedError`: `too_many_pixels` or `too_small`."""
    if width * height > limits.max_pixels:
        raise PhotoRejectedError(
            Rejection.TOO_MANY_PIXELS,
            f"The photo has {width} × {height} pixels; at most {limits.max_pixels:,} are accepted.",
        )
    if min(width, height) < limits.min_side:
        raise PhotoRejectedError(
            Rejection.TOO_SMALL,
            f"The photo has {width} × {height} pixels; at least {limits.min_side} each way are needed.",
        )


def decode(image: ImageFile.ImageFile, shrink: float) -> Stored:
    """Decode pixels; a JPEG at the smallest scale (1, 1/2, 1/4, 1/8) that still leaves it `1 / shrink` of its size.

    The scaling happens inside libjpeg's inverse DCT, which then skips most of its work.
    """
    extent: tuple[float, float] = image.size
    if isinstance(image, JpegImageFile) and shrink >= 2:  # noqa: PLR2004 (1/2 is the first scale there is)
        drafted = image.draft(None, _draft_size(image.size, shrink))
        if drafted is not None:
            extent = drafted[1][2], drafted[1][3]
    image.load()
    return Stored(image, extent, orientation_of(image), image.info.get("icc_profile"))


def _draft_size(size: tuple[int, int], shrink: float) -> tuple[int, int]:
    """Pillow takes a wish for a size where libjpeg takes a scale: word the one so that it means the other."""
    scale = max(scale for scale in (1, 2, 4, 8) if scale <= shrink)
    return max(1, size[0] // scale), max(1, size[1] // scale)
