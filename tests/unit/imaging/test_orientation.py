import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from lookalike.imaging.orient import read_orientation, stored_box
from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode

# How a camera held that way stores an upright picture: the turn that EXIF's undoes.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
eight = pytest.mark.parametrize("orientation", _STORED)


def turned(upright: Image.Image, orientation: int) -> tuple[Image.Image, bytes]:
    turn = _STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return (upright if turn is None else upright.transpose(turn)), exif.tobytes()


@eight
@pytest.mark.parametrize("encoding", ["jpeg", "jpeg progressive", "png", "webp", "avif", "tiff", "tiff lzw"])
def test_all_eight_come_out_upright(encoding: str, orientation: int) -> None:
    upright = draw(96, 64)
    stored, exif = turned(upright, orientation)
    photo = prepare(encode(stored, encoding, exif=exif), 64)
    expected = prepare(encode(upright, "png"), 64)
    assert (photo.width, photo.height) == (96, 64)
    assert np.abs(photo.pixels.astype(int) - expected.pixels).mean() < 3


@eight
@pytest.mark.parametrize("size", [(2003, 1501), (3001, 1003)])
def test_large_photos_decoded_at_reduced_scale_too(size: tuple[int, int], orientation: int) -> None:
    """Odd sides: a reduced picture's last row and column stand for less than the others, on whichever side they end."""
    upright = draw(*size)
    stored, exif = turned(upright, orientation)
    photo = prepare(encode(stored, "jpeg", exif=exif), 128)
    expected = prepare(encode(upright, "png"), 128)
    assert (photo.width, photo.height) == size
    assert np.abs(photo.pixels.astype(int) - expected.pixels).max() <= 8


@eight
def test_a_region_is_of_the_upright_photo(orientation: int) -> None:
    upright = draw(1200, 900)
    stored, exif = turned(upright, orientation)
    photo = prepare(encode(stored, "jpeg", exif=exif), 100, region=(0.5, 0.1, 0.9, 0.6))
    expected = prepare(encode(upright.crop((600, 90, 1080, 540)), "png"), 100)
    assert np.abs(photo.pixels.astype(int) - expected.pixels).max() <= 8


@eight
def test_a_thumbnail_is_upright_and_small(orientation: int) -> None:
    upright = draw(1200, 900)
    stored, exif = turned(upright, orientation)
    with Image.open(io.BytesIO(prepare(encode(stored, "jpeg", exif=exif), 64).thumbnail())) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (256, 192))
        difference = np.asarray(thumbnail.convert("RGB"), dtype=int) - np.asarray(upright.resize((256, 192)))
    assert np.abs(difference).mean() < 4


@eight
def test_heic_turns_once_and_not_twice(orientation: int) -> None:
    upright = draw(96, 64)
    stored, exif = turned(upright, orientation)
    photo = prepare(encode(stored, "heic", exif=exif), 64)
    assert (photo.width, photo.height) == (96, 64)
    assert np.abs(photo.pixels.astype(int) - prepare(encode(upright, "png"), 64).pixels).mean() < 3


@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda tail: b"Exif\0\0II*\0\x08\0\0\0" + tail))
def test_broken_exif_means_upright(exif: bytes) -> None:
    assert 1 <= read_orientation(exif) <= 8


@pytest.mark.parametrize("encoding", ["jpeg", "webp", "avif", "heic"])
def test_broken_exif_keeps_no_photo_out_and_nobody_hears_of_it(encoding: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera's maker"
    data = encode(draw(), encoding, exif=exif.tobytes())
    entry = data.index(b"\x0f\x01\x02\0" if b"\x0f\x01\x02\0" in data else b"\x01\x0f\0\x02")
    broken = data[: entry + 4] + b"\xff\xff\xff\x7f\xff\xff\xff\x7f" + data[entry + 12 :]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prepare(broken, 64).width == 96


def test_pillow_agrees_on_what_the_tag_says() -> None:
    for orientation in _STORED:
        stored, exif = turned(draw(), orientation)
        with Image.open(io.BytesIO(encode(stored, "png", exif=exif))) as image:
            assert ImageOps.exif_transpose(image).size == (96, 64)
        assert read_orientation(exif) == orientation


@given(st.integers(1, 8), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_box_keeps_its_area(orientation: int, left: float, top: float) -> None:
    box = stored_box((left, top, left + 0.25, top + 0.5), orientation)
    assert 0 <= box[0] < box[2] <= 1
    assert 0 <= box[1] < box[3] <= 1
    assert (box[2] - box[0]) * (box[3] - box[1]) == pytest.approx(0.125)
