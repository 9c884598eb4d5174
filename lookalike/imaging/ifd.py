"""Image file directories, the tag tables of TIFF 6.0 §2 and of EXIF: just enough to judge a file before opening it."""

import struct
from collections.abc import Iterator
from typing import Final

WIDTH: Final = 0x0100
HEIGHT: Final = 0x0101
BITS_PER_SAMPLE: Final = 0x0102
COMPRESSION: Final = 0x0103
PHOTOMETRIC: Final = 0x0106
FILL_ORDER: Final = 0x010A
ORIENTATION: Final = 0x0112
SAMPLES_PER_PIXEL: Final = 0x0115
STRIP_OFFSETS: Final = 0x0111
ROWS_PER_STRIP: Final = 0x0116
STRIP_BYTES: Final = 0x0117
PLANAR: Final = 0x011C
PREDICTOR: Final = 0x013D
COLOUR_MAP: Final = 0x0140
TILE_WIDTH: Final = 0x0142
TILE_LENGTH: Final = 0x0143
TILE_OFFSETS: Final = 0x0144
TILE_BYTES: Final = 0x0145
EXTRA_SAMPLES: Final = 0x0152
SAMPLE_FORMAT: Final = 0x0153
JPEG_TABLES: Final = 0x015B
YCBCR_SUBSAMPLING: Final = 0x0212
ICC_PROFILE: Final = 0x8773

Tags = dict[int, tuple[int, ...]]

_LAYOUT_TAGS: Final = frozenset(
    {ROWS_PER_STRIP, STRIP_OFFSETS, STRIP_BYTES, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTES}
)
_SAMPLE_TAGS: Final = frozenset(
    {
        *(WIDTH, HEIGHT, BITS_PER_SAMPLE, PHOTOMETRIC, FILL_ORDER, PLANAR, PREDICTOR, COLOUR_MAP),
        *(EXTRA_SAMPLES, SAMPLE_FORMAT, YCBCR_SUBSAMPLING, COMPRESSION, ORIENTATION, SAMPLES_PER_PIXEL),
    }
)
_DECODER_TAGS: Final = frozenset(
    {
        *(0x0124, 0x0125),  # how a fax was coded
        *range(0x0200, 0x020A),  # where an old-style JPEG keeps its tables
        *(0x0211, 0x0213, 0x0214),  # how YCbCr was made from RGB
        0xC5F2,  # how LERC was compressed
    }
)
_WANTED: Final = _LAYOUT_TAGS | _SAMPLE_TAGS | {JPEG_TABLES}
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}
"""The TIFF types read here, as `struct` spells them: BYTE, SHORT, LONG, UNDEFINED (bytes), LONG8."""
_LAYOUTS: Final = {
    b"II*\0": ("<", "4xI", "H", "HHI4s"),
    b"MM\0*": (">", "4xI", "H", "HHI4s"),
    b"II+\0": ("<", "8xQ", "Q", "HHQ8s"),
    b"MM\0+": (">", "8xQ", "Q", "HHQ8s"),
}
"""By magic number: byte order, then as `struct` spells them the file's head, a directory's count and an entry."""
MAX_ENTRIES: Final = 4096
MAX_VALUES: Final = 262_144
"""Numbers one tag may hold: 25 megapixels in tiles of 16 x 16, the smallest there are, need 98,000."""


def read_first_ifd(tiff: bytes) -> Tags:
    """The numbers of the tags named above in a TIFF stream's first directory; {} where it is no TIFF.

    Raises `struct.error` where the stream ends before the directory or a value does, `ValueError` where a tag
    holds more than `MAX_VALUES`, or the directory more than `MAX_ENTRIES`.
    """
    found: Tags = {}
    for tag, kind, count, inline in _entries(tiff):
        if tag in _WANTED and kind in _NUMBERS:
            found.setdefault(tag, _values(tiff, _LAYOUTS[tiff[:4]][0], _NUMBERS[kind], count, inline))
    return found


def only_pixels(tiff: bytes) -> bytes:
    """The same TIFF with the tags alone that its first picture's pixels take: a fault in another costs that one.

    Raises `struct.error` and `ValueError` as `read_first_ifd` does.
    """
    order, head, length, entry = _LAYOUTS[tiff[:4]]
    kept: dict[int, bytes] = {}
    for fields in _entries(tiff):
        if fields[0] in _WANTED | _DECODER_TAGS:
            kept.setdefault(fields[0], struct.pack(order + entry, *fields))
    before, after = struct.calcsize(order + head[:2]), struct.calcsize(order + head)
    at = len(tiff) + len(tiff) % 2
    return b"".join(
        [
            *(tiff[:before], struct.pack(order + head, at)[before:], memoryview(tiff)[after:], bytes(at - len(tiff))),
            *(struct.pack(order + length, len(kept)), *(kept[tag] for tag in sorted(kept)), bytes(8)),
        ]
    )


def read_profile(tiff: bytes) -> bytes | None:
    """The ICC profile that the first directory points to, None where there is none or less than it says."""
    for tag, _, count, inline in _entries(tiff):
        if tag == ICC_PROFILE:
            start = _offset(_LAYOUTS[tiff[:4]][0], inline)
            return tiff[start : start + count] if start + count <= len(tiff) else None
    return None


def number(tags: Tags, tag: int, default: int) -> int:
    """The first number of a tag."""
    return next(iter(tags.get(tag, ())), default)


def _entries(tiff: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Tag, type, count, and the bytes of value or offset."""
    if tiff[:4] not in _LAYOUTS:
        return
    order, head, length, entry = _LAYOUTS[tiff[:4]]
    (start,) = struct.unpack_from(order + head, tiff)
    start = min(start, len(tiff))  # `struct` words an offset beyond 63 bits as another kind of error
    (entries,) = struct.unpack_from(order + length, tiff, start)
    if entries > MAX_ENTRIES:
        raise ValueError("more tags than libtiff reads")  # which it would say to the terminal
    first, step = start + struct.calcsize(order + length), struct.calcsize(order + entry)
    for index in range(entries):
        yield struct.unpack_from(order + entry, tiff, first + index * step)


def _values(tiff: bytes, order: str, letter: str, count: int, inline: bytes) -> tuple[int, ...]:
    if count > MAX_VALUES:
        raise ValueError("a tag holds more numbers than a picture can need")
    values = f"{order}{count}{letter}"
    if struct.calcsize(values) <= len(inline):
        return struct.unpack_from(values, inline)
    return struct.unpack_from(values, tiff, min(_offset(order, inline), len(tiff)))


def _offset(order: str, inline: bytes) -> int:
    offset: int = struct.unpack(order + ("I" if len(inline) == 4 else "Q"), inline)[0]  # noqa: PLR2004 (bytes of a LONG)
    return offset
