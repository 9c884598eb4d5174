"""Photos whose pixels are all there, whatever else is wrong with their files."""

import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode, encode_all
from tests.hostile.bombs import png_chunk

JPEGS = ["jpeg", "jpeg progressive"]


def busy(width: int = 200, height: int = 152) -> Image.Image:
    """A picture with detail in every block."""
    noise = np.random.default_rng(1).integers(0, 60, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(np.asarray(draw(width, height)) // 2 + noise)


def same_pixels(one: bytes, other: bytes) -> bool:
    return np.array_equal(prepare(one, 64).pixels, prepare(other, 64).pixels)


@pytest.mark.parametrize("encoding", JPEGS)
@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"restart_marker_rows": 1}, {"quality": 30}])
@pytest.mark.parametrize("padding", [b"", b"\xff", b"\xff\xff", bytes(4096)])
def test_a_jpeg_that_lacks_only_its_end_mark_is_taken(encoding: str, options: dict[str, int], padding: bytes) -> None:
    whole = encode(busy(), encoding, **options)
    assert same_pixels(whole[:-2] + padding, whole)


@pytest.mark.parametrize("encoding", JPEGS)
@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"restart_marker_rows": 1}, {"quality": 30}])
@pytest.mark.parametrize("lacking", [8, 20, 100, 0.1, 0.5])
def test_a_jpeg_cut_in_its_data_is_truncated(encoding: str, options: dict[str, int], lacking: float) -> None:
    whole = encode(busy(), encoding, **options)[:-2]
    cut = whole[: -int(lacking if lacking >= 1 else lacking * len(whole))]
    for padding in (b"", bytes(100)):
        with pytest.raises(PhotoRejectedError) as rejected:
            prepare(cut + padding, 64)
        assert rejected.value.code is Rejection.TRUNCATED


def test_a_jpeg_cut_between_its_intervals_or_scans_is_truncated() -> None:
    for encoding, mark in (("jpeg", b"\xff\xd3"), ("jpeg progressive", b"\xff\xda")):
        whole = encode(busy(), encoding, restart_marker_rows=1)
        with pytest.raises(PhotoRejectedError) as rejected:
            prepare(whole[: whole.rindex(mark)], 64)
        assert rejected.value.code is Rejection.TRUNCATED


@pytest.mark.parametrize("encoding", JPEGS)
def test_a_second_picture_cut_short_costs_not_the_first(encoding: str) -> None:
    whole = encode_all()[encoding]
    assert same_pixels(whole + whole[:-200], whole)


def test_a_jpeg_of_a_million_remarks_is_given_up() -> None:
    whole = encode_all()["jpeg"]
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(whole[:2] + segment(0xE5, b"") * 1_000_000 + whole[2:], 32)
    assert rejected.value.code is Rejection.CORRUPT


@pytest.mark.parametrize("lacking", [1, 4, 8, 12])
def test_a_png_that_lacks_its_end_chunk_is_taken(lacking: int) -> None:
    whole = encode_all()["png"]
    assert same_pixels(whole[:-lacking], whole)


def segment(code: int, body: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


BROKEN_REMARKS = {
    "short JFIF": segment(0xE0, b"JFIF"),
    "short Adobe": segment(0xEE, b"Adobe"),
    "short profile": segment(0xE2, b"ICC_PROFILE\0"),
    "half a profile": segment(0xE2, b"ICC_PROFILE\0\1\2" + bytes(100)),
    "short Photoshop": segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4"),
    "EXIF of nothing": segment(0xE1, b"Exif\0\0"),
    "EXIF that points nowhere": segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    "short frame table": segment(0xE2, b"MPF\0"),
    "long XMP": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x/>" * 10_000) * 20,
    "a comment": segment(0xFE, b"\xff\xd8\xff\xda"),
    "a thumbnail": segment(0xE1, b"Exif\0\0" + encode_all()["jpeg"][:5000]),
}


@pytest.mark.parametrize("name", BROKEN_REMARKS)
@pytest.mark.parametrize("encoding", JPEGS)
def test_no_fault_beside_its_pixels_costs_a_jpeg(encoding: str, name: str) -> None:
    whole = encode_all()[encoding]
    assert same_pixels(whole[:2] + BROKEN_REMARKS[name] + whole[2:], whole)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0xE0, 0xFE), st.sampled_from([b"JFIF\0", b"Exif\0\0", b"Photoshop 3.0\0", b""]), st.binary(max_size=60)
)
def test_no_remark_whatever_it_says_costs_a_jpeg(code: int, start: bytes, body: bytes) -> None:
    whole = encode_all()["jpeg"]
    assert prepare(whole[:2] + segment(code, start + body) + whole[2:], 32).width == 96


def damaged(chunk: bytes) -> bytes:
    return chunk[:-1] + bytes([chunk[-1] ^ 1])


PROFILE = b"icc\0\0" + zlib.compress(b"no profile at all")
ANCILLARY = {
    "checksum of pHYs": damaged(png_chunk(b"pHYs", bytes(9))),
    "checksum of tEXt": damaged(png_chunk(b"tEXt", b"k\0v")),
    "checksum of tRNS": damaged(png_chunk(b"tRNS", bytes(6))),
    "checksum of iCCP": damaged(png_chunk(b"iCCP", PROFILE)),
    "checksum of an unknown chunk": damaged(png_chunk(b"abCd", b"x")),
    "short pHYs": png_chunk(b"pHYs", b"\1"),
    "short gAMA": png_chunk(b"gAMA", b""),
    "short cHRM": png_chunk(b"cHRM", b"\1\2"),
    "short sRGB": png_chunk(b"sRGB", b""),
    "short tRNS": png_chunk(b"tRNS", b"\1"),
    "empty iCCP": png_chunk(b"iCCP", b""),
    "iCCP of another method": png_chunk(b"iCCP", b"icc\0\7" + zlib.compress(b"x")),
    "iCCP that does not unfold": png_chunk(b"iCCP", b"icc\0\0broken"),
    "no profile at all": png_chunk(b"iCCP", PROFILE),
    "long profile": png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(3_000_000))),
    "zTXt of another method": png_chunk(b"zTXt", b"k\0\7" + zlib.compress(b"x")),
    "long zTXt": png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 5_000_000)),
    "long iTXt": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"x" * 5_000_000)),
    "long tEXt": png_chunk(b"tEXt", b"k\0" + b"x" * 3_000_000) * 3,
    "short eXIf": png_chunk(b"eXIf", b"MM\0*"),
    "short acTL": png_chunk(b"acTL", b"\1"),
    "wild fcTL": png_chunk(b"acTL", struct.pack(">II", 2, 0)) + png_chunk(b"fcTL", b"\xff" * 26),
    "XMP that is no text": png_chunk(b"iTXt", b"\xff\0\0\0\xff\0\xff\0\xff"),
}


@pytest.mark.parametrize("name", ANCILLARY)
def test_no_fault_beside_its_pixels_costs_a_png(name: str) -> None:
    whole = encode_all()["png"]
    header, end = whole[:33], whole[-12:]
    assert same_pixels(header + ANCILLARY[name] + whole[33:], whole)
    assert same_pixels(whole[:-12] + ANCILLARY[name] + end, whole), "behind the pixels too"


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE"])
def test_a_fault_in_a_critical_chunk_of_a_png_counts(name: bytes) -> None:
    whole = encode(draw().convert("P"), "png")
    at = whole.index(name) + 10
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], 32)
    assert rejected.value.code is Rejection.CORRUPT


def test_a_png_keeps_its_orientation_and_its_palettes_transparency() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert prepare(encode(draw(), "png", exif=exif), 64).height == 96
    clear = encode(Image.new("P", (64, 64), 0), "png", transparency=bytes([0, 255]))
    assert prepare(clear, 64).pixels.min() == 255


@pytest.mark.parametrize("encoding", ["webp", "avif", "heic"])
@pytest.mark.parametrize("damage", [b"\xff" * 8, b"MM\0*\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b""])
def test_a_broken_exif_costs_no_photo(encoding: str, damage: bytes) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera maker"
    data = encode(draw(), encoding, exif=exif.tobytes())
    at = data.index(exif.tobytes()[6:])
    broken = data[:at] + damage.ljust(26, b"\xff") + data[at + 26 :]
    assert same_pixels(broken, encode_all()[encoding])


# Transparent colours, by the specification's own words: a pixel of exactly this value, at the file's own depth.
DEPTHS = [(0, depth) for depth in (1, 2, 4, 8, 16)] + [(2, 8), (2, 16)]


def raw_png(colour_type: int, depth: int, values: np.ndarray, *middle: bytes) -> bytes:
    """A PNG of uint16 [height, width, channels] `values` below 2 ** `depth`, in unfiltered lines."""
    height, width, _ = values.shape
    bits = (values.reshape(height, -1)[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    lines = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + line.tobytes() for line in lines)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(middle) + body + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour_type", "depth"), DEPTHS)
@settings(max_examples=15, deadline=None)
@given(chance=st.integers(0, 2**32))
def test_only_the_transparent_colour_is_seen_through(colour_type: int, depth: int, chance: int) -> None:
    draws = random.Random(chance)
    channels, top = (1, 2**depth - 1) if colour_type == 0 else (3, 2**depth - 1)
    key = [draws.randint(0, top) for _ in range(channels)]
    near = [*key[:-1], key[-1] ^ 1]
    values = np.empty((64, 64, channels), np.uint16)
    values[:32], values[32:] = key, near
    noise = draws.randrange(2**16) >> depth << depth if depth < 16 else 0  # bits above the depth mean nothing
    data = raw_png(colour_type, depth, values, png_chunk(b"tRNS", b"".join(struct.pack(">H", v | noise) for v in key)))
    pixels = prepare(data, 64).pixels.astype(int)
    expected = np.array(near) * 255 / top
    assert (pixels[8, 32] == 255).all()
    assert np.abs(pixels[56, 32] - expected).max() <= 1


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_is_transparent_where_it_says_so(depth: int) -> None:
    top = 2**depth - 1
    values = np.full((64, 64, 1), top, np.uint16)
    values[:32] = 0
    palette = png_chunk(b"PLTE", b"\0\0\0" + b"\x64\x50\x3c" * top)
    pixels = prepare(raw_png(3, depth, values, palette, png_chunk(b"tRNS", b"\0")), 64).pixels
    assert pixels[8, 32].tolist() == [255, 255, 255]
    assert pixels[56, 32].tolist() == [100, 80, 60]
