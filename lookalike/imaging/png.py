"""What a PNG (W3C, PNG specification, third edition) is made of: its pixels, apart from the chunks that come along."""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

_SIGNATURE_BYTES: Final = 8
_PIXELS: Final = frozenset({b"IHDR", b"PLTE", b"IDAT"})
_MAX_PROFILE_BYTES: Final = 4_000_000
_GREY, _COLOUR, _PALETTE = 0, 2, 3


@dataclass(frozen=True, slots=True)
class PngParts:
    """`picture` is a PNG of the same pixels without further chunks.

    `key` is the transparent grey or colour, as numbers of the file's own depth.
    """

    picture: bytes
    exif: bytes | None
    profile: bytes | None
    depth: int
    key: tuple[int, ...] | None


def split_png(data: bytes, max_chunks: int) -> PngParts:
    """Take a PNG apart, so that a fault in a chunk that is no pixels' costs that chunk alone.

    Of chunks that may come once the first sound one counts. Raises `ValueError` for more than `max_chunks`.
    """
    pixels, others, at = [data[:_SIGNATURE_BYTES]], {}, _SIGNATURE_BYTES
    for _ in range(max_chunks):
        if at + 8 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name == b"IEND":
            break
        if name in _PIXELS:
            pixels.append(data[at:end])
        elif name in {b"tRNS", b"iCCP", b"eXIf"} and name not in others and _is_sound(data[at + 4 : end]):
            others[name] = data[at + 8 : end - 4]
        at = end
    else:
        raise ValueError("the file is in too many pieces")
    depth, colour_type = data[24:26].ljust(2, b"\xff")
    key = _key(depth, colour_type, others.get(b"tRNS", b""))
    if b"tRNS" in others and colour_type == _PALETTE:  # a palette's, which Pillow reads
        pixels.insert(_first_pixels(pixels), _chunk(b"tRNS", others[b"tRNS"]))
    picture = b"".join([*pixels, _chunk(b"IEND", b"")])
    exif = others.get(b"eXIf")
    return PngParts(
        picture, None if exif is None else b"Exif\0\0" + exif, _inflate(others.get(b"iCCP", b"")), depth, key
    )


def _is_sound(chunk: bytes) -> bool:
    """Whether a chunk's name and body have the checksum behind them."""
    return zlib.crc32(chunk[:-4]) == int.from_bytes(chunk[-4:], "big")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _first_pixels(chunks: list[bytes]) -> int:
    return next((index for index, chunk in enumerate(chunks) if chunk[4:8] == b"IDAT"), len(chunks))


def _key(depth: int, colour_type: int, body: bytes) -> tuple[int, ...] | None:
    """The colour a tRNS chunk states (§11.3.1.1): as many numbers of 16 bits as a pixel has, low bits used."""
    numbers = {_GREY: 1, _COLOUR: 3}.get(colour_type, 0)
    if not numbers or len(body) < 2 * numbers:
        return None
    return tuple(value & (1 << depth) - 1 for value in struct.unpack_from(f">{numbers}H", body))


def _inflate(body: bytes) -> bytes | None:
    """The profile in an iCCP chunk (§11.3.2.3): a name, a zero, the method, deflated bytes; None where it is broken."""
    _, _, packed = body.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile or None
