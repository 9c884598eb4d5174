"""ISO base media files (ISO/IEC 14496-12), as far as it takes to find where the coded pictures lie."""

import struct
from collections.abc import Iterator
from typing import Final

Span = tuple[int, int]

_MOVIE: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_MAX_DEPTH: Final = 8
_MAX_EXTENTS: Final = 100_000
"""Pieces of all items together; fields of no width would let a few bytes ask for billions."""


def walk(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes side by side in a span: name, and where the body begins and ends. Stops at one that cannot be."""
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", data, start + 8), 16
        stop = end if length == 0 else start + length
        if stop > end or stop < start + head:
            return
        yield name, start + head, stop
        start = stop


def item_bytes(data: bytes) -> Iterator[bytes]:
    """The bytes of each item that the file's `meta` box locates (§8.11.3).

    Raises `ValueError` where the items together are larger than twice the file.
    """
    left = 2 * len(data)
    for name, start, end in walk(data, 0, len(data)):
        if name != b"meta":
            continue
        inside = {child: (at, stop) for child, at, stop in walk(data, start + 4, end)}
        if b"iloc" not in inside:
            continue
        for extents in _locations(data, inside[b"iloc"][0], inside.get(b"idat", (0, 0))[0]):
            left -= sum(max(0, min(stop, len(data)) - at) for at, stop in extents)
            if left < 0:
                raise ValueError("items overlap")
            yield b"".join(data[at:stop] for at, stop in extents)


def _locations(data: bytes, at: int, idat: int) -> Iterator[list[Span]]:
    """Where each item's extents lie in the file."""
    version, sizes = data[at], struct.unpack_from(">H", data, at + 4)[0]
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    reader, left = _Reader(data, at + 6), _MAX_EXTENTS
    for _ in range(reader.take(2 if version < 2 else 4)):  # noqa: PLR2004 (versions 0 and 1 count in 16 bits)
        reader.take(2 if version < 2 else 4)  # noqa: PLR2004 (and number their items so)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_size) + (idat if method == 1 else 0)
        count = reader.take(2)
        left -= count
        if left < 0:
            raise ValueError("items in too many pieces")
        extents = []
        for _ in range(count):
            reader.take(index_size if version else 0)
            start, length = base + reader.take(offset_size), reader.take(length_size)
            extents.append((start, start + length if length else len(data)))
        yield extents


class _Reader:
    """Big-endian numbers of any width, one after the other. Raises `ValueError` at the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, width: int) -> int:
        taken = self._data[self._at : self._at + width]
        if len(taken) < width:
            raise ValueError("the box ends early")
        self._at += width
        return int.from_bytes(taken, "big")


def track_starts(data: bytes) -> Iterator[int]:
    """Where the first sample of each track of an image sequence lies (§8.7.5)."""
    yield from _first_chunks(data, 0, len(data), _MAX_DEPTH)


def _first_chunks(data: bytes, start: int, end: int, depth: int) -> Iterator[int]:
    for name, at, stop in walk(data, start, end):
        if name in _MOVIE and depth:
            yield from _first_chunks(data, at, stop, depth - 1)
        elif name == b"stco" and stop - at >= 12:  # noqa: PLR2004 (version, count, one offset of 32 bits)
            yield struct.unpack_from(">I", data, at + 8)[0]
        elif name == b"co64" and stop - at >= 16:  # noqa: PLR2004 (and of 64)
            yield struct.unpack_from(">Q", data, at + 8)[0]
