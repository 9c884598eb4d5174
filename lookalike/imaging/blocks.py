"""What WebPs (RFC 9649) and GIFs (GIF89a) are made of: their pixels, apart from the blocks that come along."""

import struct
from dataclasses import dataclass
from typing import Final

_PIXELS: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_ALPHA, _MOVES = 0x10, 0x02
_EXTENSION, _PICTURE, _CONTROL = b"!", b",", b"\xf9"
_GIF_HEAD: Final = 13
_CONTROL_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class WebpParts:
    """`picture` is a WebP of the same pixels without further chunks."""

    picture: bytes
    exif: bytes | None
    profile: bytes | None


def split_webp(data: bytes, max_chunks: int) -> WebpParts:
    """Take a WebP apart, so that a fault in EXIF, XMP, ICC or flags costs that part alone.

    Raises `ValueError` for more than `max_chunks`.
    """
    if data[12:16] != b"VP8X":
        return WebpParts(data, None, None)
    others: dict[bytes, bytes] = {}
    pixels, at = [], 30
    for _ in range(max_chunks):
        if at + 8 > len(data):
            break
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        if name in _PIXELS:
            pixels.append(data[at:end])
        elif end <= len(data) + 1:
            others.setdefault(name, data[at + 8 : at + 8 + length])
        at = end
    else:
        raise ValueError("the file is in too many pieces")
    moves = _MOVES * any(chunk.startswith(b"ANMF") for chunk in pixels)
    body = b"".join([data[8:20], bytes([data[20] & _ALPHA | moves]), data[21:30], *pixels])
    picture = b"RIFF" + struct.pack("<I", len(body)) + body
    return WebpParts(picture, others.get(b"EXIF"), others.get(b"ICCP"))


def first_gif_frame(data: bytes, max_blocks: int) -> bytes:
    """A GIF of the first frame alone, with what says which of its colours is transparent.

    Raises `ValueError` for more than `max_blocks`, or where no frame comes.
    """
    at, control = _GIF_HEAD + _palette_bytes(data[10:11]), b""
    head = data[:at]
    for _ in range(max_blocks):
        start, kind = at, data[at : at + 1]
        if not kind:
            break
        if kind == _PICTURE:
            return head + control + data[at:]
        if kind == _EXTENSION:
            at, max_blocks = _after_blocks(data, at + 2, max_blocks)
            if data[start + 1 : start + 3] == _CONTROL + bytes([_CONTROL_BYTES]):
                control = data[start:at]
        else:
            at += 1  # padding, as Pillow passes over it
    raise ValueError("no frame, or in too many pieces")


def _palette_bytes(flags: bytes) -> int:
    return 3 << 1 + (flags[0] & 7) if flags and flags[0] & 0x80 else 0


def _after_blocks(data: bytes, at: int, max_blocks: int) -> tuple[int, int]:
    """Where a chain of blocks, each with its length before it, ends; and how many more blocks there may be."""
    while at < len(data) and data[at]:
        at, max_blocks = at + 1 + data[at], max_blocks - 1
        if max_blocks < 0:
            raise ValueError("the file is in too many pieces")
    return at + 1, max_blocks
