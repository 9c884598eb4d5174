import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageEnhance

from lookalike.errors import CatalogueDamagedError
from lookalike.imaging.perceptual_hash import hamming_distance, perceptual_hash
from lookalike.imaging.pixels import decode_pixels, encode_pixels
from lookalike.imaging.prepare import prepare
from tests.hostile import encode


def scene(seed: int) -> Image.Image:
    """Soft blotches of colour, different for each seed."""
    grid = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((400, 300), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_photo_hash_alike(seed: int) -> None:
    picture = scene(seed)
    own = prepare(encode(picture, "png"), 224).perceptual_hash
    copies = [
        encode(picture, "jpeg", quality=40),
        encode(picture.resize((240, 180)), "webp", quality=60),
        encode(ImageEnhance.Brightness(picture).enhance(1.1), "jpeg"),
    ]
    assert max(hamming_distance(own, prepare(copy, 224).perceptual_hash) for copy in copies) <= 8
    strangers = [prepare(encode(scene(100 + other), "png"), 224).perceptual_hash for other in range(5)]
    assert min(hamming_distance(own, stranger) for stranger in strangers) >= 16


def test_the_hash_does_not_depend_on_the_models_size() -> None:
    data = encode(scene(1), "jpeg")
    assert hamming_distance(prepare(data, 224).perceptual_hash, prepare(data, 160).perceptual_hash) <= 4


def test_a_plain_picture_has_a_plain_hash() -> None:
    shades = [perceptual_hash(Image.new("RGB", (50, 40), (grey, grey, grey))) for grey in (1, 100, 255)]
    assert shades == [1 << 63] * 3


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_distance_counts_differing_bits(one: int, other: int) -> None:
    assert hamming_distance(one, other) == f"{one ^ other:b}".count("1") == hamming_distance(other, one)


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_stored_pixels_come_back_exactly(pixels: np.ndarray) -> None:
    back = decode_pixels(encode_pixels(pixels))
    assert np.array_equal(back, pixels)
    assert back.flags.c_contiguous
    assert back.dtype == np.uint8


@pytest.mark.parametrize("cut", [0, 5, 60, 130, 12_000])
def test_damaged_storage_says_so(cut: int) -> None:
    stored = encode_pixels(np.zeros((64, 64, 3), dtype=np.uint8))
    with pytest.raises(CatalogueDamagedError):
        decode_pixels(stored[:cut])


@pytest.mark.parametrize("pixels", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.array([[["a"]]], dtype=object)])
def test_storage_of_anything_else_says_so(pixels: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, pixels)
    with pytest.raises(CatalogueDamagedError):
        decode_pixels(buffer.getvalue())


@pytest.mark.parametrize("encoding", ["jpeg", "png", "heic"])
def test_a_thumbnail_shows_the_whole_photo_even_of_a_region(encoding: str) -> None:
    picture = scene(3).resize((800, 600))
    whole, part = encode(picture, encoding), (0.1, 0.1, 0.4, 0.4)
    with Image.open(io.BytesIO(prepare(whole, 64, region=part).thumbnail())) as thumbnail:
        assert thumbnail.size == (256, 192)
        shown = np.asarray(thumbnail.convert("RGB"), dtype=int)
    assert np.abs(shown - np.asarray(picture.resize((256, 192)), dtype=int)).mean() < 6


def test_a_small_photo_is_not_blown_up_for_its_thumbnail() -> None:
    with Image.open(io.BytesIO(prepare(encode(scene(2).resize((60, 80)), "png"), 224).thumbnail())) as thumbnail:
        assert thumbnail.size == (60, 80)


def test_an_unused_photo_holds_little_memory() -> None:
    photo = prepare(encode(scene(2).resize((3000, 2000)), "bmp"), 224, region=(0, 0, 0.1, 0.1))
    assert photo._source.image.width <= 256
