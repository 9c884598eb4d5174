"""Files cut short."""

import re
from collections.abc import Iterator

from tests.hostile.pictures import MEDIA_TYPES, encode_all

_BOUNDARY = {
    "image/jpeg": re.compile(rb"\xff[\xc0-\xfe]"),
    "image/png": re.compile(rb"IHDR|PLTE|IDAT|IEND|[a-z][A-Za-z]{3}"),
    "image/webp": re.compile(rb"RIFF|WEBP|VP8[ LX]|ALPH|ICCP|EXIF"),
    "image/avif": re.compile(rb"ftyp|meta|hdlr|pitm|iloc|iinf|infe|iprp|ipco|ispe|pixi|av1C|colr|ipma|mdat"),
    "image/heic": re.compile(rb"ftyp|meta|hdlr|pitm|iloc|iinf|infe|iprp|ipco|ispe|pixi|hvcC|colr|ipma|mdat"),
    "image/gif": re.compile(rb"GIF8|!|,"),
    "image/tiff": re.compile(rb"II\*\0|\x00[\x00\x01][\x03\x04]\x00"),
    "image/bmp": re.compile(rb"BM|\x28\0\0\0"),
}


def cuts(encoding: str) -> Iterator[bytes]:
    """One sound file cut around every boundary of its header, in each of the first 64 bytes, and along its pixels."""
    data = encode_all()[encoding]
    edges = {match.start() for match in _BOUNDARY[MEDIA_TYPES[encoding]].finditer(data)}
    edges = set(sorted(edges)[:100] + sorted(edges)[-20:])
    near = {edge + step for edge in edges for step in (-1, 0, 1, 2, 4, 8)}
    along = {len(data) * part // 16 for part in range(1, 16)}
    for end in sorted(near | along | set(range(64))):
        if 0 <= end < len(data):
            yield data[:end]
