"""What a JPEG (ITU-T T.81) is made of: the parts its pixels come from, apart from the remarks that come along."""

import random
import re
import struct
from dataclasses import dataclass
from typing import Final

_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd9\xff]")
END: Final = b"\xff\xd9"
WITHOUT_END: Final = "lookalike: without end"
"""In a picture's `info`: the file's bytes where they lack the end mark, and perhaps more."""
_MARKER_OR_END: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
_MAX_SEGMENTS: Final = 100_000
"""Parts of a JPEG that are looked at; cameras write some tens."""
_EXIF: Final = b"Exif\0\0"
_ICC: Final = b"ICC_PROFILE\0"
_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_START_OF_SCAN: Final = 0xDA
_REMARKS: Final = frozenset({*range(0xE0, 0xFF)})
_MEANT_FOR_DECODERS: Final = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
"""Remarks that tell how colours are coded, and the bytes they need at least; libjpeg ignores shorter ones too."""
_COEFFICIENTS: Final = 64


@dataclass(frozen=True, slots=True)
class JpegParts:
    """`picture` is a JPEG of the same pixels without remarks."""

    picture: bytes
    exif: bytes | None
    profile: bytes | None


def split_jpeg(data: bytes, max_padding: int) -> JpegParts:
    """Take a JPEG apart, so that a fault in EXIF, XMP, ICC, IPTC or a thumbnail costs that part alone.

    Raises `struct.error` where the file ends before its first scan, `ValueError` where it has none, or more than
    `max_padding` bytes between two parts, or too many of them.
    """
    profile: dict[int, bytes] = {}
    kept, exif, at = [data[:2]], None, 2
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER.search(data, at)
        if marker is None or marker.start() - at > max_padding:
            break
        code, body, at = data[marker.end() - 1], *_segment(data, marker.end())
        if code == _START_OF_SCAN:
            kept.append(data[marker.start() :])
            return JpegParts(b"".join(kept), exif, _join_profile(profile))
        if code not in _REMARKS or _is_meant_for_decoders(code, body):
            kept.append(data[marker.start() : at])
        elif exif is None and body.startswith(_EXIF):
            exif = body
        elif body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            profile[body[len(_ICC)]] = body[len(_ICC) + 1 :]
    raise ValueError("no scan, or in too many pieces")


def _segment(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", data, at)
    return data[at + 2 : at + length], at + max(2, length)


def _is_meant_for_decoders(code: int, body: bytes) -> bool:
    start, length = _MEANT_FOR_DECODERS.get(code, (b"", len(body) + 1))
    return body.startswith(start) and len(body) >= length


def _join_profile(pieces: dict[int, bytes]) -> bytes | None:
    """An ICC profile out of its numbered pieces, each with their count before it (ICC.1:2010 B.4), or None."""
    if not pieces or set(pieces) != set(range(1, next(iter(pieces.values()))[0] + 1)):
        return None
    return b"".join(pieces[number][1:] for number in sorted(pieces))


def has_end(data: bytes) -> bool:
    """Whether the first picture in the file has its end mark; others may follow it, and need not be whole."""
    if data.endswith(END):
        return True
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER_OR_END.search(data, at)
        if marker is None or len(data) < marker.end() + 2:
            return marker is not None and marker[0] == END
        if marker[0] == END:
            return True
        at = _segment(data, marker.end())[1]
    return False


def endings(data: bytes) -> list[bytes]:
    """The same JPEG without end mark, continued in several ways: they show one picture if all of its data is there.

    A decoder fills what is missing from whatever follows, without a word. What follows here is the end mark alone,
    and twice noise, behind restart markers too, for a file may end right before one.
    """
    sound = data.rstrip(b"\0")
    is_padded = len(data) - len(sound) > _LIKELY_DATA
    if not is_padded:
        sound = data.rstrip(b"\xff")  # half an end mark
    elif sound.endswith(b"\xff"):
        sound += b"\0"  # which belongs to it
    return [sound + tail + END for tail in (b"", _noise(1), _noise(2))]


_LIKELY_DATA: Final = 16
"""Zeros at the end of a file that may be coded pixels; more are padding."""


def _noise(seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 (nothing to guess)
    pieces = [chance.randbytes(512).replace(b"\xff", b"") for _ in range(17)]
    restarts = [b"", *(b"\xff" + bytes([0xD0 + number % 8]) for number in range(16))]
    return b"".join(restart + piece for restart, piece in zip(restarts, pieces, strict=True))


def has_all_scans(data: bytes) -> bool:
    """Whether every bit of every coefficient is in one of the file's scans (T.81 G.1.1.1): none is left to come."""
    components, exact, at = b"", set(), 2
    while marker := _MARKER.search(data, at):
        code, body, at = data[marker.end() - 1], *_segment(data, marker.end())
        if code in _START_OF_FRAME and not components:
            components = body[6::3]
        elif code == _START_OF_SCAN:
            count = body[0]
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            if bits & 15 == 0:
                exact |= {(body[1 + 2 * n], k) for n in range(count) for k in range(first, last + 1)}
    return exact >= {(component, k) for component in components for k in range(_COEFFICIENTS)}
