"""How large the pictures coded in an AVIF are, whatever its container claims (AV1 bitstream specification, §5)."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from lookalike.imaging.boxes import item_bytes, track_starts

_SEQUENCE_HEADER: Final = 1
_MAX_UNITS: Final = 100_000
_MAX_LENGTH_BYTES: Final = 8


def coded_pixels(avif: bytes) -> list[int]:
    """Pixels of each picture coded in the file: thumbnails, tiles and alpha planes are pictures of their own.

    The decoder allocates by these and looks at the container's claim afterwards, so that a kilobyte can cost
    hundreds of megabytes. Raises `ValueError` and `struct.error` where the file cannot be followed.
    """
    sizes = [size for item in item_bytes(avif) for size in _sizes(item, 0)]
    sizes += [size for start in islice(track_starts(avif), 16) for size in _sizes(avif, start)]
    return [width * height for width, height in sizes]


def _sizes(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The size in each sequence header of a run of open bitstream units (§5.3); none where it is no such run."""
    for _ in range(_MAX_UNITS):
        if at >= len(data) or data[at] & 0x80:
            return
        header, at = data[at], at + (2 if data[at] & 4 else 1)
        length, at = _leb128(data, at) if header & 2 else (len(data) - at, at)
        if header >> 3 & 15 == _SEQUENCE_HEADER:
            yield _sequence_size(data[at : at + min(length, 64)])
        at += length


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of 7 bits, lowest first (§4.10.5), and where it ends."""
    value = 0
    for index, byte in enumerate(data[at : at + _MAX_LENGTH_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 (the high bit says that more follow)
            return value, at + index + 1
    raise ValueError("a length without end")


def _sequence_size(header: bytes) -> tuple[int, int]:
    """Largest width and height of a frame, from a sequence header (§5.5.1)."""
    bits = _Bits(header)
    bits.take(4)
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: "_Bits") -> None:
    if bits.take(1):
        raise ValueError("unsupported: pictures with a time base")
    has_delays = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:  # noqa: PLR2004 (levels above 3.3 state a tier)
            bits.take(1)
        if has_delays and bits.take(1):
            bits.take(4)


class _Bits:
    """Numbers of so many bits, highest first. Raises `ValueError` at the end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("a sequence header ends early")
        return self._value >> self._left & (1 << count) - 1
