"""EXIF orientation (CIPA DC-008, tag 0x0112): how a stored picture is turned to stand upright."""

import struct
from typing import Final

from PIL import Image

UPRIGHT: Final = 1
_TAG: Final = 0x0112
_SHORT: Final = 3

_TURN: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Box = tuple[float, float, float, float]


def read_orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, that an EXIF block states; 1 where it states none or is damaged.

    Read here and not by Pillow, which decodes every tag and reports damage through process-wide warnings.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    try:
        return UPRIGHT if order is None else _find_orientation(tiff, order)
    except struct.error:
        return UPRIGHT


def _find_orientation(tiff: bytes, order: str) -> int:
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, start)
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
        if tag == _TAG and kind == _SHORT:
            return value if value in _TURN else UPRIGHT
    return UPRIGHT


def orient(image: Image.Image, orientation: int) -> Image.Image:
    """The picture upright."""
    return image.transpose(_TURN[orientation]) if orientation in _TURN else image


def swaps_sides(orientation: int) -> bool:
    """Whether width and height trade places on the way to upright."""
    return orientation >= 5  # noqa: PLR2004 (5 to 8 are the four with a quarter turn)


def stored_box(box: Box, orientation: int) -> Box:
    """Where a box of the upright picture (left, top, right, bottom in 0..1) lies in the stored one."""
    left, top, right, bottom = box
    if orientation in {5, 6, 7, 8}:
        left, top, right, bottom = top, left, bottom, right
    if orientation in {2, 3, 7, 8}:
        left, right = 1 - right, 1 - left
    if orientation in {3, 4, 6, 7}:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom
