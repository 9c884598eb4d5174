"""A fault in what comes along with a TIFF's, WebP's, HEIC's, GIF's or BMP's pixels costs that part alone."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode, encode_all
from tests.hostile.tiffs import write_tiff


def assert_same_picture(data: bytes, whole: bytes) -> None:
    assert np.array_equal(prepare(data, 64).pixels, prepare(whole, 64).pixels)


def with_tags(tiff: bytes, *entries: tuple[int, int, int, bytes], following: int = 0) -> bytes:
    """A little-endian TIFF with further (tag, type, count, value or offset), and an offset of a next directory."""
    (start,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, start)
    old = [tiff[start + 2 + 12 * n : start + 14 + 12 * n] for n in range(count)]
    both = sorted([*old, *(struct.pack("<HHI4s", *entry) for entry in entries)], key=lambda entry: entry[1::-1])
    at = len(tiff) + len(tiff) % 2
    directory = struct.pack("<H", len(both)) + b"".join(both) + struct.pack("<I", following)
    return tiff[:4] + struct.pack("<I", at) + tiff[8:].ljust(at - 8, b"\0") + directory


TIFFS = {name: encode_all()[name] for name in encode_all() if name.startswith("tiff")}
TIFFS["tiff in planes"] = write_tiff(np.asarray(draw()), 8, 2, planar=2)
# Descriptions, makers, resolution, ranges, inks, Photoshop, IPTC, XMP, ICC, EXIF, GPS, SubIFD and private tags.
BESIDE = [254, 269, 270, 271, 280, 282, 285, 301, 305, 306, 330, 332, 333, 334, 336, 340, 700, 33723, 34377]
BESIDE += [34665, 34675, 34853, 37724, 40965, 50000, 65000]


@pytest.mark.parametrize("name", TIFFS)
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(BESIDE),
    st.sampled_from([*range(14), 99, 65535]),
    st.sampled_from([0, 1, 4, 5, 100, 600, 2**32 - 1]),
    st.sampled_from([bytes(4), b"\xff\xff\xff\x7f", b"\xff" * 4, b"\1\2\3\4", b"\x08\0\0\0"]),
)
def test_no_tag_beside_its_pixels_costs_a_tiff(name: str, tag: int, kind: int, count: int, value: bytes) -> None:
    assert_same_picture(with_tags(TIFFS[name], (tag, kind, count, value)), TIFFS[name])


@pytest.mark.parametrize("name", TIFFS)
def test_no_second_directory_costs_a_tiff(name: str) -> None:
    whole = TIFFS[name]
    for following in (4, 8, len(whole) - 2, len(whole) + len(whole) % 2, 2**31):
        assert_same_picture(with_tags(whole, following=following), whole)
    assert_same_picture(with_tags(whole, *[(270, 2, 4, b"abc\0")] * 3), whole)
    assert_same_picture(whole + b"more" * 1000, whole)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(n + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for n, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


WEBPS = {"webp": b"VP8 ", "webp lossless": b"VP8L"}
JUNK = [
    b"",
    b"\xff",
    b"MM\0*",
    b"Exif\0\0MM\0*\xff\xff\xff\xff",
    b"\xff" * 200,
    b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 90,
]


@pytest.mark.parametrize("name", WEBPS)
@pytest.mark.parametrize("chunk", [b"EXIF", b"XMP ", b"ICCP", b"abcd", b"\xff\0\xff\0"])
@pytest.mark.parametrize("flags", [0, 0x04, 0x08, 0x20, 0x2C, 0xC1])
def test_no_chunk_beside_its_pixels_costs_a_webp(name: str, chunk: bytes, flags: int) -> None:
    whole = encode_all()[name]
    canvas = b"VP8X", bytes([flags]) + bytes(3) + (95).to_bytes(3, "little") + (63).to_bytes(3, "little")
    pixels = WEBPS[name], whole[20:]
    for junk in JUNK:
        assert_same_picture(riff(canvas, (chunk, junk), pixels), whole)
        assert_same_picture(riff(canvas, pixels, (chunk, junk)), whole)
        assert_same_picture(riff(canvas, pixels, (chunk, junk)) + b"more", whole)


@pytest.mark.parametrize("name", WEBPS)
def test_no_trailing_bytes_cost_a_webp(name: str) -> None:
    whole = encode_all()[name]
    for more in (b"\0", b"more" * 100, b"EXIF\xff\xff\xff\x7f"):
        assert_same_picture(whole + more, whole)
    assert_same_picture(whole + struct.pack("<4sI", b"EXIF", 2**31 - 1), whole)


@pytest.mark.parametrize("flags", [0x02, 0x12, 0x3E])
def test_a_still_webp_that_claims_to_move_is_taken(flags: int) -> None:
    whole = encode_all()["webp"]
    canvas = b"VP8X", bytes([flags]) + bytes(3) + (95).to_bytes(3, "little") + (63).to_bytes(3, "little")
    assert_same_picture(riff(canvas, (b"VP8 ", whole[20:])), whole)


GIF_BLOCKS = [
    b"!\xfe\x05hello\0",
    b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0",
    b"!\xff\x0bNETSCAPE2.0\x01\x01\0",
    b"!\xff\x0bNETSCAPE2.0\0",
    b"!\xff\x03abc\0",
    b"!\xff\x0bXMP DataXMP\x01x\0",
    b"!\x01\x0c" + b"\xff" * 12 + b"\0",
    b"!\x77\x02ab\0",
    b"!\xf9\x01\0\0",
    b"!\xff\x0bICCRGBG1012\x05wrong\0",
]


@pytest.mark.parametrize("block", GIF_BLOCKS)
def test_no_extension_costs_a_gif(block: bytes) -> None:
    whole = encode_all()["gif"]
    pixels = whole.index(b",", 13 + 3 * 2 ** (1 + (whole[10] & 7)))
    assert_same_picture(whole[:pixels] + block + whole[pixels:], whole)
    assert_same_picture(whole[:-1] + block + b";", whole)


@pytest.mark.parametrize(
    "ending", [b"", b";more" * 20, b"\0" * 20, b"!\xfe\x50cut", b"!\xff\x0bNETS", b"!", b",", b",\0\0\0"]
)
def test_no_ending_costs_a_gif(ending: bytes) -> None:
    whole = encode_all()["gif"]
    assert_same_picture(whole[:-1] + ending, whole)


@pytest.mark.parametrize("more", [b"\0", b"BM" + bytes(60), b"more" * 1000])
def test_no_trailing_bytes_cost_a_bmp(more: bytes) -> None:
    whole = encode_all()["bmp"]
    assert_same_picture(whole + more, whole)


@pytest.mark.parametrize("claim", [0, 54, 2**31, 2**32 - 1])
def test_no_wrong_length_costs_a_bmp(claim: int) -> None:
    whole = encode_all()["bmp"]
    for at in (2, 34):
        assert_same_picture(whole[:at] + struct.pack("<I", claim) + whole[at + 4 :], whole)
    resolutions = whole[:38] + b"\xff" * 8 + whole[46:]
    assert_same_picture(resolutions, whole)


@pytest.mark.parametrize("encoding", ["heic", "avif"])
@pytest.mark.parametrize("part", ["exif", "xmp"])
@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=4, max_size=4) | st.sampled_from([b"\xff" * 4, bytes(4), b"Exif"]), st.integers(0, 30))
def test_no_item_beside_its_pixels_costs_a_heic(encoding: str, part: str, noise: bytes, place: int) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera maker"
    extra = exif.tobytes() if part == "exif" else b"<x:xmpmeta>with a maker</x:xmpmeta>" * 3
    data = encode(draw(), encoding, **{part: extra})
    at = data.index(extra[6:]) - (10 if part == "exif" else 6) + place
    assert_same_picture(data[:at] + noise + data[at + 4 :], encode_all()[encoding])


@pytest.mark.parametrize("encoding", ["heic", "avif"])
def test_no_trailing_bytes_cost_a_heic(encoding: str) -> None:
    whole = encode_all()[encoding]
    for more in (struct.pack(">I4s", 12, b"free") + bytes(4), struct.pack(">I4s", 16, b"uuid") + bytes(8)):
        assert_same_picture(whole + more, whole)
