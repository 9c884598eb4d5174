"""What a picture's container says about itself, read without decoding anything."""

import re
import struct
from collections.abc import Callable
from typing import Final

from lookalike.imaging import ifd
from lookalike.imaging.jpeg import has_end


def ends_early(data: bytes, media_type: str) -> bool:
    """Whether the file stops before the end its own structure promises."""
    try:
        return _ENDS_EARLY[media_type](data)
    except struct.error:
        return True
    except ValueError:
        return False


def _png(data: bytes) -> bool:
    at = 8
    while data[at + 4 : at + 8] != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        at += 12 + length
    return False


def _webp(data: bytes) -> bool:
    return len(data) < 8 + _unpack("<I", data, 4)


def _gif(data: bytes) -> bool:
    """No trailer, which follows a block's terminator; some encoders pad behind it."""
    return not data.rstrip(b"\0").endswith(b"\0;")


def _bmp(data: bytes) -> bool:
    return len(data) < _unpack("<I", data, 2)


def _iso(data: bytes) -> bool:
    """Boxes of ISO/IEC 14496-12 §4.2: length 0 reaches to the end of the file, 1 is followed by 64 bits of length."""
    at, has_pixels = 0, False
    while at < len(data):
        length = _unpack(">I", data, at)
        has_pixels |= data[at + 4 : at + 8] == b"mdat"
        if length == 0:
            return False
        at += max(8, _unpack(">Q", data, at + 8) if length == 1 else length)
    return at > len(data) or not has_pixels


def _tiff(data: bytes) -> bool:
    tags = ifd.read_first_ifd(data)
    starts = tags.get(ifd.STRIP_OFFSETS, ()) or tags.get(ifd.TILE_OFFSETS, ())
    sizes = tags.get(ifd.STRIP_BYTES, ()) or tags.get(ifd.TILE_BYTES, ())
    return any(start + size > len(data) for start, size in zip(starts, sizes, strict=False))


def _unpack(number: str, data: bytes, at: int) -> int:
    value: int = struct.unpack_from(number, data, at)[0]
    return value


_ENDS_EARLY: Final[dict[str, Callable[[bytes], bool]]] = {
    "image/jpeg": lambda data: not has_end(data),
    "image/png": _png,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/avif": _iso,
    "image/heic": _iso,
    "image/tiff": _tiff,
}

_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What is neither a stuffed zero, a restart marker nor padding (ITU-T T.81 §B.1.1): the end of a scan's data."""
_START_OF_SCAN: Final = b"\xff\xda"
_END_OF_IMAGE: Final = b"\xff\xd9"


def count_jpeg_scans(data: bytes, at: int, most: int) -> int:
    """Scans of a JPEG, the first of whose compressed data starts at `at`; counting stops past `most`."""
    scans = 1
    while scans <= most and (marker := _JPEG_MARKER.search(data, at)) and marker[0] != _END_OF_IMAGE:
        scans += marker[0] == _START_OF_SCAN
        at = marker.end() + (_unpack(">H", data, marker.end()) if len(data) >= marker.end() + 2 else 2)
    return scans


def webp_size(data: bytes) -> tuple[int, int]:
    """A WebP's width and height (RFC 9649 §2.5 to 2.7), which its decoder allocates for before it tells them.

    Raises `ValueError` where the first chunk is none of the three that begin a WebP, `struct.error` where it is cut.
    """
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + _unpack("<I", data[24:27] + b"\0", 0), 1 + _unpack("<I", data[27:30] + b"\0", 0)
    if chunk == b"VP8L":
        bits = _unpack("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        return _unpack("<H", data, 26) & 0x3FFF, _unpack("<H", data, 28) & 0x3FFF
    raise ValueError("not a WebP's first chunk")
