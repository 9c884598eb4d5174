"""Small files that claim, or unfold into, far more than they are."""

import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

from tests.hostile.pictures import draw, encode, encode_all

HUGE = 60_000
"""Pixels a side: 3.6 gigapixels."""


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int, *middle: bytes, pixels: bytes | None = None) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = zlib.compress((b"\0" + bytes(3 * width)) * height) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(middle) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def _zeros(megabytes: int) -> bytes:
    """Deflated zeros: a thousandth of what they unfold into."""
    packer, million = zlib.compressobj(1), bytes(1_000_000)
    return b"".join(packer.compress(million) for _ in range(megabytes)) + packer.flush()


def _patch(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _jpeg_size(width: int, height: int) -> bytes:
    data = encode_all()["jpeg"]
    return _patch(data, data.index(b"\xff\xc0") + 5, struct.pack(">HH", height, width))


def _jpeg_scans(scans: int) -> bytes:
    data = encode_all()["jpeg progressive"]
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


def _gif(screen: tuple[int, int], frame: tuple[int, int], before: bytes = b"") -> bytes:
    header = b"GIF89a" + struct.pack("<HH", *screen) + b"\x80\0\0" + bytes(3) + b"\xff" * 3
    return header + before + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\2\2\x4c\1\0;"


def _webp_canvas() -> bytes:
    inside = encode_all()["webp"][12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + (16_382).to_bytes(3, "little") * 2 + inside
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_lossless() -> bytes:
    return _patch(encode_all()["webp lossless"], 21, struct.pack("<I", 16_382 | 16_382 << 14))


def tiff(*tags: tuple[int, int, int, int], tail: bytes = b"") -> bytes:
    """A little-endian TIFF of (tag, type, count, value or offset); `tail` begins at 8 + 2 + 12 per tag + 4."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + tail


def _tiff_rgb(width: int, height: int, *more: tuple[int, int, int, int]) -> bytes:
    usual = [(256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, 5), (262, 3, 1, 1), (258, 3, 1, 8)]
    given = {tag[0] for tag in more}
    strips = [] if 324 in given else [(273, 4, 1, 8), (278, 4, 1, height), (279, 4, 1, 64)]
    return tiff(*[tag for tag in [*usual, *strips] if tag[0] not in given], *more, tail=bytes(4096))


def _tiff_tags_that_share_a_value() -> bytes:
    """Tags enough to make a reader that copies each value hold 100 GB."""
    many = [(tag, 7, 2_000_000, 8) for tag in range(40_000, 60_000)]
    return _tiff_rgb(64, 64, *many) + bytes(2_000_000)


def _tiff_strips() -> bytes:
    """Two million strips for a picture of 64 lines."""
    return _tiff_rgb(
        64, 64, (259, 3, 1, 1), (278, 4, 1, 1), (273, 4, 2_000_000, 300), (279, 4, 2_000_000, 300)
    ) + bytes(8_000_000)


def _boxes(encoding: str, width: int, height: int, image: Image.Image | None = None) -> bytes:
    """A HEIC or AVIF whose `ispe` property states another size than its pixels have."""
    data = encode(image or draw(), encoding)
    at = data.index(b"ispe")
    while at >= 0:
        data = _patch(data, at + 8, struct.pack(">II", width, height))
        at = data.find(b"ispe", at + 4)
    return data


def _avif_of_nowhere() -> bytes:
    """An item table whose fields have no width: a few bytes that ask for billions of pieces."""
    table = b"\2\0\0\0\0\0" + struct.pack(">I", 0xFFFFFFFF) + b"\0\0\0\1\0\0\0\0\xff\xff" * 100_000
    iloc = struct.pack(">I4s", 8 + len(table), b"iloc") + table
    meta = struct.pack(">I4sI", 12 + len(iloc), b"meta", 0) + iloc
    return b"\0\0\0\x14ftypavif\0\0\0\0avif" + meta + struct.pack(">I4s", 12, b"mdat") + bytes(4)


def _exif_of_shared_values() -> bytes:
    """A JPEG whose EXIF would unfold into 60 GB if every tag's value were copied."""
    one = tiff(*[(tag, 7, 60_000, 8) for tag in range(40_000, 45_000)])
    body = b"Exif\0\0" + one[:65_000].ljust(65_000, b"\0")
    data = encode_all()["jpeg"]
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return data[:2] + segment + data[2:]


def _webp_claim() -> bytes:
    """40 bytes that claim 25 million pixels."""
    return b"RIFF\x20\0\0\0WEBPVP8L\x13\0\0\0\x2f" + struct.pack("<I", 4999 | 4999 << 14) + bytes(15)


def _grey_progressive(scans: int) -> bytes:
    """25 megapixels whose last pass, of some bytes, comes again and again."""
    data = encode(Image.new("L", (5000, 5000), 77), "jpeg progressive")
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


_MAKERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "png of 3.6 gigapixels": (lambda: _png(HUGE, HUGE, pixels=_zeros(10)), "too_many_pixels"),
    "png whose pixels never end": (lambda: _png(64, 64, pixels=_zeros(500)), "any"),
    "png with half a gigabyte of text": (
        lambda: _png(64, 64, png_chunk(b"zTXt", b"Comment\0\0" + _zeros(500))),
        "any",
    ),
    "png with many texts": (
        lambda: _png(64, 64, *[png_chunk(b"zTXt", b"k%d\0\0" % n + _zeros(1)) for n in range(200)]),
        "any",
    ),
    "png with half a gigabyte of profile": (
        lambda: _png(64, 64, png_chunk(b"iCCP", b"icc\0\0" + _zeros(500))),
        "any",
    ),
    "png in a million chunks": (lambda: _png(64, 64, png_chunk(b"tEXt", b"k\0v") * 1_000_000), "corrupt"),
    "jpeg of 4 gigapixels": (lambda: _jpeg_size(65_500, 65_500), "too_many_pixels"),
    "jpeg of 10,000 scans": (lambda: _jpeg_scans(10_000), "corrupt"),
    "jpeg with megabytes of padding": (
        lambda: encode_all()["jpeg"][:2] + b"\xff" * 5_000_000 + encode_all()["jpeg"][2:],
        "corrupt",
    ),
    "jpeg with unfolding exif": (_exif_of_shared_values, "any"),
    "gif of 4 gigapixels": (lambda: _gif((65_500, 65_500), (64, 64)), "too_many_pixels"),
    "gif whose frame outgrows it": (lambda: _gif((64, 64), (65_500, 65_500)), "too_many_pixels"),
    "gif of a million remarks": (lambda: _gif((64, 64), (64, 64), b"!\xfe" + b"\1x" * 1_000_000 + b"\0"), "corrupt"),
    "webp of 268 megapixels": (_webp_canvas, "too_many_pixels"),
    "lossless webp of 268 megapixels": (_webp_lossless, "too_many_pixels"),
    "webp of 40 bytes and 25 megapixels": (_webp_claim, "any"),
    "jpeg of a million remarks": (
        lambda: encode_all()["jpeg"][:2] + b"\xff\xe5\0\2" * 1_000_000 + encode_all()["jpeg"][2:],
        "corrupt",
    ),
    "jpeg of 25 megapixels in 90 scans": (lambda: _grey_progressive(80), "corrupt"),
    "jpeg of 25 megapixels without end": (lambda: _grey_progressive(0)[:-2], "any"),
    "png of 25 megapixels, interlaced": (
        lambda: _patch(_png(5000, 5000, pixels=_zeros(75)), 28, b"\1"),
        "any",
    ),
    "gif of many frames": (lambda: _gif((64, 64), (64, 64))[:-1] + b"!\xf9\4\0\0\0\0\0" * 200_000 + b";", "any"),
    "avif of 3.6 gigapixels": (lambda: _boxes("avif", HUGE, HUGE), "any reject"),
    "heic of 3.6 gigapixels": (lambda: _boxes("heic", HUGE, HUGE), "any reject"),
    "avif of 26 megapixels that claims to be small": (
        lambda: _boxes("avif", 64, 64, Image.new("RGB", (5100, 5100), "red")),
        "too_many_pixels",
    ),
    "avif whose items are in no place": (_avif_of_nowhere, "any reject"),
    "avif of 100 megapixels": (lambda: _boxes("avif", 10_000, 10_000), "too_many_pixels"),
    "heic of 100 megapixels": (lambda: _boxes("heic", 10_000, 10_000), "too_many_pixels"),
    "tiff of 3.6 gigapixels": (lambda: _tiff_rgb(HUGE, HUGE), "too_many_pixels"),
    "tiff in tiles of 4 gigapixels": (
        lambda: _tiff_rgb(64, 64, (322, 4, 1, 65_520), (323, 4, 1, 65_520), (324, 4, 1, 8), (325, 4, 1, 64)),
        "too_many_pixels",
    ),
    "tiff of shared values": (_tiff_tags_that_share_a_value, "any"),
    "tiff of two million strips": (_tiff_strips, "corrupt"),
    "tiff of 60,000 channels": (lambda: _tiff_rgb(64, 64, (277, 3, 1, 60_000)), "unsupported_format"),
    "bmp of 3.6 gigapixels": (
        lambda: _patch(encode_all()["bmp"], 18, struct.pack("<ii", HUGE, HUGE)),
        "too_many_pixels",
    ),
    "bmp of runs": (lambda: _patch(encode_all()["bmp"], 30, struct.pack("<I", 1)), "unsupported_format"),
}


@cache
def bombs() -> dict[str, tuple[bytes, str]]:
    """The files by name, each with its rejection's code.

    ``any`` is one that may also decode, ``any reject`` one that may not.
    """
    return {name: (make(), code) for name, (make, code) in _MAKERS.items()}
