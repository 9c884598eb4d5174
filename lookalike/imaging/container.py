"""What a picture's container says about its own length, read without decoding anything."""

import struct
from collections.abc import Callable
from typing import Final


def ends_early(data: bytes, media_type: str) -> bool:
    """Whether the file stops before the end its own structure promises."""
    try:
        return _ENDS_EARLY[media_type](data)
    except (struct.error, IndexError):
        return True


def _jpeg(data: bytes) -> bool:
    return b"\xff\xd9" not in data[-64:] and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")


def _png(data: bytes) -> bool:
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IEND":
            return False
        at += 12 + length
    return True


def _webp(data: bytes) -> bool:
    (length,) = struct.unpack_from("<I", data, 4)
    return len(data) < length + 8


def _gif(data: bytes) -> bool:
    return not data.rstrip(b"\0").endswith(b";")


def _bmp(data: bytes) -> bool:
    (length,) = struct.unpack_from("<I", data, 2)
    return len(data) < length


def _iso(data: bytes) -> bool:
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
        if length < 8:  # 0 means "to the end of the file"; 1–7 cannot be
            return False
        at += length
    return at > len(data)


def _tiff(data: bytes) -> bool:
    return False


_ENDS_EARLY: Final[dict[str, Callable[[bytes], bool]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/avif": _iso,
    "image/heic": _iso,
    "image/tiff": _tiff,
}
