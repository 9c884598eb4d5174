import io
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from lookalike.imaging.colour import to_continuous
from lookalike.imaging.jpeg import WITHOUT_END, endings, has_all_scans
from lookalike.imaging.memory import jpeg_scale
from lookalike.imaging.orient import UPRIGHT, read_orientation, swaps_sides

_BAND: Final = 256


@dataclass(frozen=True, slots=True)
class Stored:
    """A decoded picture as it was stored: not upright yet, in its own colours, perhaps at reduced scale.

    `extent` is its true width and height in pixels of `image`: reduced sides are seldom whole numbers.
    """

    image: Image.Image
    extent: tuple[float, float]
    orientation: int
    profile: bytes | None


def _check_jpeg_is_whole(image: JpegImageFile, data: bytes, max_pixels: int) -> None:
    """Raises `ValueError` where a JPEG that lacks its end mark lacks some of its picture too: see `jpeg.endings`."""
    scale = jpeg_scale(*image.size, 1, max_pixels)
    if not has_all_scans(data) or len({_digest(ending, scale) for ending in endings(data)}) > 1:
        raise ValueError("truncated")


def _digest(jpeg: bytes, scale: int) -> bytes:
    with JpegImageFile(io.BytesIO(jpeg)) as image:
        image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
        image.load()
        seen = sha256()
        for top in range(0, image.height, _BAND):
            seen.update(image.crop((0, top, image.width, min(top + _BAND, image.height))).tobytes())
        return seen.digest()


def load_unless_scalable(image: ImageFile.ImageFile, max_pixels: int) -> None:
    """Decode what can only be decoded whole; some of it tells its orientation after its pixels.

    Raises `ValueError` where a JPEG without end mark lacks some of its picture too.
    """
    if not isinstance(image, JpegImageFile):
        image.load()
    elif WITHOUT_END in image.info:
        _check_jpeg_is_whole(image, image.info[WITHOUT_END], max_pixels)


def decode(image: ImageFile.ImageFile, shrink: float, max_pixels: int) -> Stored:
    """Decode pixels, at the smallest whole fraction of the picture's size that is at least `1 / shrink` of it.

    A JPEG is scaled inside its inverse DCT, which then skips most of its work; the rest is done by box averages.
    One of more than `max_pixels` is scaled until it has fewer, even if that is less than `1 / shrink`.
    """
    width, height = image.size
    scale = _draft(image, shrink, max_pixels)
    image.load()
    whole = to_continuous(image)
    factor = max(1, int(shrink / scale))
    reduced = whole.reduce(factor) if factor > 1 else whole
    extent = width / (scale * factor), height / (scale * factor)
    return Stored(reduced, extent, orientation_of(image), image.info.get("icc_profile"))


def _draft(image: ImageFile.ImageFile, shrink: float, max_pixels: int) -> int:
    """Tell a JPEG's reader to decode it some times smaller, and say how many times."""
    if not isinstance(image, JpegImageFile):
        return 1
    width, height = image.size
    scale = jpeg_scale(width, height, shrink, max_pixels)
    drafted = image.draft(None, (max(1, width // scale), max(1, height // scale)))
    return 1 if drafted is None else round(width / drafted[1][2])


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation; 1 where the reader turns the picture itself."""
    exif = None if isinstance(image, TiffImageFile) else image.info.get("exif")
    return read_orientation(exif) if isinstance(exif, bytes) else UPRIGHT


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after orientation, as far as the header tells it."""
    width, height = image.size
    return (height, width) if swaps_sides(orientation_of(image)) else (width, height)
