"""How many bytes a picture takes while it is decoded, told by its header; measured per format, mode and pixel."""

import math
from typing import Final

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from pillow_heif import HeifImageFile

from lookalike.imaging.colour import KEY
from lookalike.imaging.ifd import BITS_PER_SAMPLE, ROWS_PER_STRIP, TILE_LENGTH, TILE_WIDTH
from lookalike.imaging.jpeg import WITHOUT_END
from lookalike.imaging.tiff import SampleTiff

WEBP_BYTES_A_PIXEL: Final = 13
"""Two canvases of the animation's decoder and the frame; the picture is made once the decoder is gone."""
_AVIF_BYTES_A_PIXEL: Final = 10
_HEIC_BYTES_A_PIXEL: Final = 14
_JPEG_BYTES_A_PIXEL: Final = 4
_MODES: Final = {"1": 2, "L": 1, "P": 5, "RGB": 4, "CMYK": 4, "LAB": 4, "RGBA": 8, "LA": 8, "YCbCr": 8, "La": 12}
"""Bytes a pixel of the picture and of what it is converted to, by Pillow's mode."""
_OTHER_MODES: Final = 8
_TRANSPARENCY_KEY: Final = 8
_WIDE_KEY: Final = 18
_FIXED: Final = 8_000_000
"""What follows once a picture is small: resampling, colours, the thumbnail."""
_DCT_SCALES: Final = (1, 2, 4, 8)


def jpeg_scale(width: int, height: int, shrink: float, max_pixels: int) -> int:
    """How many times smaller to decode a JPEG inside its inverse DCT: up to `shrink`, more where memory asks for it."""
    wanted = max((scale for scale in _DCT_SCALES if scale <= shrink), default=1)
    needed = next((scale for scale in _DCT_SCALES if width * height <= max_pixels * scale**2), _DCT_SCALES[-1])
    return max(wanted, needed)


def memory_to_decode(width: int, height: int, bytes_a_pixel: float, file_bytes: int) -> int:
    """Bytes beside the file as it was given, which some readers copy."""
    return math.ceil(width * height * bytes_a_pixel) + file_bytes + _FIXED


def bytes_a_pixel(image: ImageFile.ImageFile, shrink: float, max_pixels: int) -> float:
    """An upper bound for a picture whose header is read: what `decode` takes for each of its pixels.

    A JPEG needs pixels of the size it is decoded at, and where it comes in several scans two bytes for each
    coefficient of the whole picture.
    """
    if isinstance(image, JpegImageFile):
        scale = jpeg_scale(*image.size, 1 if WITHOUT_END in image.info else shrink, max_pixels)
        return _coefficients(image) + _JPEG_BYTES_A_PIXEL / scale**2
    if isinstance(image, AvifImageFile):
        return _AVIF_BYTES_A_PIXEL
    if isinstance(image, HeifImageFile):
        return _HEIC_BYTES_A_PIXEL
    if isinstance(image, SampleTiff):
        return image.bytes_a_pixel
    key = _TRANSPARENCY_KEY if "transparency" in image.info else _WIDE_KEY if KEY in image.info else 0
    strip = _strip(image) if isinstance(image, TiffImageFile) else 0
    return _MODES.get(image.mode, _OTHER_MODES) + key + strip


def is_buffered(image: JpegImageFile) -> bool:
    """Whether a JPEG's coefficients are all held before its first pixel: in every file of more than one scan.

    Told by the header of the first scan (ITU-T T.81 B.2.3), which names its components: Ns, Ns x 2 bytes, 3 bytes.
    """
    assert image.fp is not None  # noqa: S101 (open until it is loaded)
    return "progressive" in image.info or not _first_scan_has_all(image)


def _first_scan_has_all(image: JpegImageFile) -> bool:
    assert image.fp is not None  # noqa: S101 (as above)
    end, length = image.fp.tell(), 2 + 2 + 1 + 2 * image.layers + 3
    image.fp.seek(max(0, end - length))
    header = image.fp.read(length)
    image.fp.seek(end)
    return header[:2] == b"\xff\xda" and header[4:5] == bytes([image.layers])


def _coefficients(image: JpegImageFile) -> float:
    if not is_buffered(image):
        return 0
    samples = [across * down for _, across, down, _ in image.layer]
    widest = max(across for _, across, _, _ in image.layer) * max(down for _, _, down, _ in image.layer)
    return 2 * sum(samples) / max(1, widest)


def _strip(image: TiffImageFile) -> float:
    """The unpacked strip or tile that is read at once, spread over the picture's pixels."""
    tags, (width, height) = image.tag_v2, image.size
    bits = tags.get(BITS_PER_SAMPLE, (8,))
    rows = min(height, tags.get(ROWS_PER_STRIP, height))
    area = max(width * rows, tags.get(TILE_WIDTH, 0) * tags.get(TILE_LENGTH, 0))
    return float(area * sum(bits) / 8 / (width * height))
