"""Every kind of TIFF shows what its numbers say: photometric interpretation, width, extra samples, layout."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.ifd import read_first_ifd
from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode
from tests.hostile.tiffs import write_tiff

Numbers = np.ndarray[Any, np.dtype[Any]]
Shows = Callable[[Numbers], Any]

EXTRA, FORMAT, PALETTE, SUBSAMPLING = 338, 339, 320, 530
ALPHA = {0: lambda colour, _: colour, 1: lambda colour, a: colour + 255 * (1 - a)}
ALPHA[2] = lambda colour, a: colour * a + 255 * (1 - a)
LAYOUTS: dict[str, dict[str, Any]] = {
    "little-endian": {},
    "big-endian": {"order": ">"},
    "strips": {"rows": 7},
    "tiles": {"tile": 48},
    "deflated": {"deflate": True},
    "deflated, big-endian": {"deflate": True, "order": ">"},
    "deflated tiles": {"deflate": True, "tile": 48},
    "planes": {"planar": 2},
    "planes in strips": {"planar": 2, "rows": 7},
    "planes in tiles, big-endian": {"planar": 2, "tile": 48, "order": ">"},
    "deflated planes in strips": {"planar": 2, "rows": 7, "deflate": True},
    "bits reversed": {"fill_order": 2},
    "bits reversed and deflated": {"fill_order": 2, "deflate": True},
}


def xyz_to_srgb(x: float, y: float, z: float) -> Numbers:
    """From XYZ under D50, by Bradford adaptation to D65 and IEC 61966-2-1."""
    matrix = [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
    linear = np.clip(np.array(matrix) @ [x, y, z], 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab(light: float, a: float, b: float) -> Numbers:
    """CIE 15: L* in 0..100."""
    y = (light + 16) / 116
    cubes = [t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29) for t in (y + a / 500, y, y - b / 200)]
    return xyz_to_srgb(0.9642 * cubes[0], cubes[1], 0.8249 * cubes[2])


def ycbcr(y: float, blue: float, red: float) -> Numbers:
    """ITU-R BT.601, full range, as in JFIF."""
    blue, red = blue - 128, red - 128
    return np.clip([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], 0, 255)


def shows(kind: int, top: float, extra: tuple[int, ...], palette: Numbers) -> Shows:
    """What a pixel of these numbers looks like on white, in 0..255."""
    colours: dict[int, tuple[int, Shows]] = {
        0: (1, lambda s: (1 - s / top) * 255),
        1: (1, lambda s: s / top * 255),
        2: (3, lambda s: s / top * 255),
        3: (1, lambda s: palette[:, int(s[0])] / 257),
        5: (4, lambda s: 255 * (1 - s[:3] / top) * (1 - s[3] / top)),
    }
    count, colour = colours[kind]
    alpha = next(((count + n, use) for n, use in enumerate(extra) if use), (0, 0))
    return lambda s: ALPHA[alpha[1]](colour(s[:count]), s[alpha[0]] / top)


def quarters(values: Numbers) -> Numbers:
    """A picture of 64 x 64 whose quarters have these [2, 2, samples]."""
    return values.repeat(32, axis=0).repeat(32, axis=1)


def assert_seen(data: bytes, values: Numbers, expected: Shows, within: float = 4) -> None:
    pixels = prepare(data, 64).pixels[16::32, 16::32].astype(float)
    for y, x in np.ndindex(2, 2):
        assert np.abs(pixels[y, x] - np.broadcast_to(expected(values[y, x].astype(float)), 3)).max() <= within


# Photometric interpretation: samples of a colour, and the widths that its numbers have.
KINDS = {
    0: (1, (1, 2, 4, 8, 12, 16)),
    1: (1, (1, 2, 4, 8, 12, 16)),
    2: (3, (1, 2, 4, 8, 16)),
    3: (1, (1, 2, 4, 8)),
    5: (4, (1, 8, 16)),
}
EXTRAS = [(), (0,), (1,), (2,), (0, 0), (1, 0), (2, 0), (0, 2)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(chance=st.data())
def test_every_number_shows_what_its_kind_says(kind: int, chance: st.DataObject) -> None:
    colours, widths = KINDS[kind]
    bits, extra = chance.draw(st.sampled_from(widths)), chance.draw(st.sampled_from(EXTRAS))
    layout, top = LAYOUTS[chance.draw(st.sampled_from(sorted(LAYOUTS)))], 2**bits - 1
    draws = np.random.default_rng(chance.draw(st.integers(0, 2**32)))
    values = draws.integers(0, top + 1, (2, 2, colours + len(extra))).astype(np.uint16 if bits > 8 else np.uint8)
    if extra and 1 in extra:  # colours that are multiplied with their alpha are never above it
        values[..., :colours] = values[..., [colours + extra.index(1)]] if kind != 3 else values[..., :colours]
    palette = draws.integers(0, 65536, (3, 2**bits))
    tags = ([(EXTRA, extra)] if extra else []) + ([(PALETTE, palette.ravel().tolist())] if kind == 3 else [])
    if 1 in extra and kind in {0, 3, 5}:
        return  # nobody says what such a colour is
    assert_seen(write_tiff(quarters(values), bits, kind, *tags, **layout), values, shows(kind, top, extra, palette))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint32])
def test_wide_greys_show_their_range(dtype: type[np.generic], kind: int, layout: str) -> None:
    top = 2**32 - 1 if dtype is np.uint32 else 1.0
    values = (np.array([0.0, 0.25, 0.7, 1.0]) * top).astype(dtype).reshape(2, 2, 1)
    form = [] if dtype is np.uint32 else [(FORMAT, [3])]
    data = write_tiff(quarters(values), values.itemsize * 8, kind, *form, **LAYOUTS[layout])
    assert_seen(data, values, shows(kind, top, (), values))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_other_colour_spaces(layout: str) -> None:
    colour = np.array([[150, 20, 230], [120, 250, 9]], np.int64)[[0, 1, 1, 0]].reshape(2, 2, 3)
    signed = lambda n: n - 256 * (n > 127)  # noqa: E731
    spaces: list[tuple[int, int, Numbers, Shows]] = [
        (6, 8, colour.astype(np.uint8), lambda s: ycbcr(*s)),
        (8, 8, colour.astype(np.uint8), lambda s: lab(s[0] / 2.55, signed(s[1]), signed(s[2]))),
        (8, 16, (colour * 256).astype(np.uint16), lambda s: lab(s[0] / 655.35, signed(s[1] / 256), signed(s[2] / 256))),
        (9, 8, (colour // 8 + 112).astype(np.uint8), lambda s: lab(s[0] / 2.55, s[1] - 128, s[2] - 128)),
        (2, 32, (colour / 255).astype(np.float32), lambda s: s * 255),
    ]
    for kind, bits, values, expected in spaces:
        tags = [(SUBSAMPLING, [1, 1])] if kind == 6 else [(FORMAT, [3, 3, 3])] if bits == 32 else []
        assert_seen(write_tiff(quarters(values), bits, kind, *tags, **LAYOUTS[layout]), values, expected, within=6)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_differences_of_deflated_numbers_add_up(bits: int, order: str) -> None:
    top = 2**bits - 1
    values = np.random.default_rng(2).integers(0, top, (2, 2, 3)).astype(f"u{bits // 8}")
    picture = quarters(values)
    differences = np.diff(picture, axis=1, prepend=picture[:, :1] * 0)
    data = write_tiff(differences, bits, 2, (317, [2]), deflate=True, planar=2, order=order)
    assert_seen(data, values, lambda s: s / top * 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("layout", [{}, {"planar": 2}, {"planar": 2, "order": ">", "deflate": True}, {"deflate": True}])
def test_every_layout_stands_upright(orientation: int, layout: dict[str, Any]) -> None:
    stored = np.asarray(draw())
    seen = prepare(write_tiff(stored, 8, 2, (274, [orientation]), **layout), 96)
    exif = Image.Exif()
    exif[274] = orientation
    expected = prepare(encode(draw(), "png", exif=exif), 96)
    assert (seen.width, seen.height) == (expected.width, expected.height)
    assert np.abs(seen.pixels.astype(int) - expected.pixels).max() <= 2


@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "tiff_lzw", "jpeg"])
def test_compressed_fax_and_photo(compression: str) -> None:
    image = Image.new("1" if "group" in compression else "RGB", (64, 64), 0)
    image.paste(255 if image.mode == "1" else (200, 100, 50), (0, 0, 64, 32))
    pixels = prepare(encode(image, "tiff", compression=compression), 64).pixels.astype(int)
    assert np.abs(pixels[10, 32] - (255 if image.mode == "1" else (200, 100, 50))).max() <= 4
    assert pixels[54, 32].max() <= 4


def test_subsampled_colours_are_spread() -> None:
    """YCbCr without JPEG: four lightnesses, then one pair of colours (TIFF 6.0 §21)."""
    units = np.tile(np.array([150, 150, 150, 150, 100, 200], np.uint8), (32, 32, 1)).reshape(32, 192, 1)
    data = bytearray(write_tiff(units, 8, 6, (SUBSAMPLING, [2, 2]), (277, [3]), (258, [8, 8, 8])))
    for tag, value in ((256, 64), (257, 64), (278, 64)):
        at = data.index(tag.to_bytes(2, "little") + b"\4\0\1\0\0\0") + 8
        data[at : at + 4] = value.to_bytes(4, "little")
    values = np.broadcast_to(np.array([150, 100, 200]), (2, 2, 3))
    assert_seen(bytes(data), values, lambda s: ycbcr(*s))


@pytest.mark.parametrize(
    ("bits", "kind", "tags"),
    [
        (8, 2, [(258, [5, 6, 5])]),
        (8, 2, [(FORMAT, [2, 2, 2])]),
        (8, 2, [(FORMAT, [1, 3, 1])]),
        (8, 4, []),
        (8, 32803, []),
        (8, 2, [(259, [34_892])]),
        (8, 1, [(277, [3]), (EXTRA, [2, 0]), (284, [2]), (259, [5])]),
        (8, 8, [(284, [2]), (259, [5])]),
    ],
    ids=["uneven", "signed", "mixed", "mask", "mosaic", "lossy DNG", "LZW planes of grey", "LZW planes of Lab"],
)
def test_what_cannot_be_read_says_so(bits: int, kind: int, tags: list[tuple[int, list[int]]]) -> None:
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(write_tiff(np.zeros((64, 64, 3), np.uint8), bits, kind, *tags), 64)
    assert rejected.value.code is Rejection.UNSUPPORTED_FORMAT


def test_tiles_that_hang_over_a_sliver_are_turned_away() -> None:
    tags = read_first_ifd(write_tiff(np.zeros((64, 64, 3), np.uint8), 8, 2, planar=2, tile=16))
    data = write_tiff(np.zeros((20_000, 16, 3), np.uint8), 8, 2, (322, [60_000]), (323, [16]), planar=2, tile=16)
    assert tags[322] == (16,)
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(data, 64)
    assert rejected.value.code is Rejection.CORRUPT
