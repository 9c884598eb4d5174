"""Of several pictures the first, and of every depth and layout the same shades: HEIC, AVIF, MPO, APNG, WebP, BMP."""

import io
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.prepare import prepare
from tests.hostile.bombs import _boxes

RED, BLUE = (200, 100, 50), (0, 0, 255)


def assert_centre(data: bytes, expected: tuple[int, ...], within: int = 6) -> None:
    photo = prepare(data, 64)
    assert (photo.width, photo.height) == (64, 64)
    assert np.abs(photo.pixels[32, 32].astype(int) - expected).max() <= within


def flat(colour: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (64, 64), colour)


@pytest.mark.parametrize("kind", ["AVIF", "WEBP", "PNG", "MPO", "TIFF", "GIF"])
def test_of_a_sequence_the_first_picture_is_taken(kind: str) -> None:
    buffer = io.BytesIO()
    flat(RED).save(buffer, kind, save_all=True, append_images=[flat(BLUE)] * 2)
    assert_centre(buffer.getvalue(), RED, within=8)


@pytest.mark.parametrize("brand", [b"heic", b"hevc", b"msf1", b"heis", b"mif1"])
def test_of_several_pictures_in_a_heic_the_first_is_taken(brand: bytes) -> None:
    file, buffer = pillow_heif.HeifFile(), io.BytesIO()
    for colour in (RED, BLUE):
        file.add_from_pillow(flat(colour))
    file.save(buffer, quality=95)
    data = buffer.getvalue()
    assert_centre(data[:8] + brand + data[12:], RED)


@pytest.mark.parametrize("brand", [b"avis", b"msf1", b"avif"])
def test_an_avif_sequence_may_call_itself_either(brand: bytes) -> None:
    buffer = io.BytesIO()
    flat(RED).save(buffer, "AVIF", save_all=True, append_images=[flat(BLUE)])
    data = buffer.getvalue()
    assert data[8:12] == b"avis"
    assert_centre(data[:8] + brand + data[12:], RED)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_a_heic_of_more_bits_has_the_same_shades(mode: str, channels: int) -> None:
    numbers = np.full((64, 64, channels), 40_000, np.uint16)
    buffer = io.BytesIO()
    pillow_heif.from_bytes(mode=f"{mode};16", size=(64, 64), data=numbers.tobytes()).save(buffer, quality=95)
    shade = 40_000 / 257
    seen = shade if channels < 4 else shade * shade / 255 + 255 - shade
    assert_centre(buffer.getvalue(), (round(seen),) * 3)


@pytest.mark.parametrize("claim", [(64, 64), (400, 300)])
def test_a_heic_that_codes_more_than_it_claims_is_turned_away(claim: tuple[int, int]) -> None:
    """Libheif allocates no picture larger than the container says."""
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(_boxes("heic", *claim, Image.new("RGB", (1600, 1200), RED)), 64)
    assert rejected.value.code is Rejection.CORRUPT


def bmp(header: bytes, pixels: bytes, between: bytes = b"") -> bytes:
    at = 14 + len(header) + len(between)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + header + between + pixels


def info(bits: int, compression: int = 0, colours: int = 0, *, height: int = 64, more: bytes = b"") -> bytes:
    """BITMAPINFOHEADER and its successors, by the length of `more`."""
    fields = struct.pack("<iiHHIIiiII", 64, height, 1, bits, compression, 0, 0, 0, colours, 0)
    return struct.pack("<I", 40 + len(more)) + fields + more


BGR, WORD = b"\x32\x64\xc8", 25 << 11 | 25 << 5 | 6
MASKS = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
HALF = (227, 177, 152)
BMPS = {
    "24 bits": (bmp(info(24), BGR * 4096), RED),
    "24 bits from the top": (bmp(info(24, height=-64), BGR * 4096), RED),
    "16 bits": (bmp(info(16), struct.pack("<H", 25 << 10 | 12 << 5 | 6) * 4096), RED),
    "16 bits by masks": (
        bmp(info(16, 3), struct.pack("<H", WORD) * 4096, struct.pack("<III", 0xF800, 0x7E0, 0x1F)),
        RED,
    ),
    "32 bits without alpha": (bmp(info(32), (BGR + b"\0") * 4096), RED),
    "32 bits by masks": (bmp(info(32, 3), (BGR + b"\0") * 4096, MASKS[:12]), RED),
    "alpha of version 4": (bmp(info(32, 3, more=MASKS + bytes(52)), (BGR + b"\x80") * 4096), HALF),
    "alpha of version 5": (bmp(info(32, 3, more=MASKS + bytes(68)), (BGR + b"\x80") * 4096), HALF),
    "1 bit": (bmp(info(1, 0, 2), b"\xff" * 512, bytes(4) + BGR + b"\0"), RED),
    "4 bits": (bmp(info(4, 0, 16), b"\x11" * 2048, (BGR + b"\0") * 16), RED),
    "8 bits": (bmp(info(8, 0, 256), b"\x11" * 4096, (BGR + b"\0") * 256), RED),
    "OS/2": (bmp(struct.pack("<IHHHH", 12, 64, 64, 1, 24), BGR * 4096), RED),
    "OS/2 palette": (bmp(struct.pack("<IHHHH", 12, 64, 64, 1, 8), b"\x32" * 4096, BGR * 256), RED),
    "OS/2 version 2": (bmp(info(24, more=bytes(24)), BGR * 4096), RED),
}


@pytest.mark.parametrize("name", BMPS)
def test_every_kind_of_bmp_shows_its_colours(name: str) -> None:
    assert_centre(*BMPS[name])


def test_a_bmp_of_runs_says_that_it_is_not_read() -> None:
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(bmp(info(8, 1, 256), b"\x40\5\0\0" * 64 + b"\0\1", (BGR + b"\0") * 256), 64)
    assert rejected.value.code is Rejection.UNSUPPORTED_FORMAT


def test_ink_in_a_jpeg_is_inverted_whether_adobe_signs_it_or_not() -> None:
    """As browsers show it: nobody but Adobe's followers writes CMYK into JPEGs."""
    buffer = io.BytesIO()
    flat((0, 255, 255, 0), "CMYK").save(buffer, "JPEG", quality=95, subsampling=0)
    data = buffer.getvalue()
    at = data.index(b"\xff\xee")
    plain = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert_centre(data, (255, 0, 0))
    assert_centre(plain, (255, 0, 0))
