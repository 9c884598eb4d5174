import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import InvalidRequestError
from lookalike.imaging.letterbox import fit, letterbox
from lookalike.imaging.prepare import prepare
from tests.hostile import draw, encode

sides = st.integers(1, 4000)


@given(sides, sides, st.integers(8, 512))
def test_a_shape_is_kept_within_half_a_pixel(width: int, height: int, side: int) -> None:
    across, down = fit(width, height, side)
    assert max(across, down) == side
    assert across == 1 or abs(across - side * width / max(width, height)) <= 0.5
    assert down == 1 or abs(down - side * height / max(width, height)) <= 0.5


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 64))
def test_a_picture_is_centred_on_white(width: int, height: int) -> None:
    square = letterbox(Image.new("RGB", (width, height), "black"), 64)
    rows, columns = np.nonzero(square[..., 0] == 0)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (height, width)
    assert abs((rows.min() + rows.max()) / 2 - 31.5) <= 0.5
    assert abs((columns.min() + columns.max()) / 2 - 31.5) <= 0.5
    assert (square.reshape(-1, 3) == 255).all(axis=1).sum() == 64 * 64 - width * height
    assert square.flags.c_contiguous
    assert square.dtype == np.uint8


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 400), st.integers(16, 400), st.integers(16, 256))
def test_any_photo_comes_out_at_the_models_size(width: int, height: int, size: int) -> None:
    photo = prepare(encode(Image.new("RGB", (width, height), (10, 20, 30)), "png"), size)
    across, down = fit(width, height, size)
    assert photo.pixels.shape == (size, size, 3)
    assert ((photo.pixels == (10, 20, 30)).all(axis=-1)).sum() == across * down
    assert ((photo.pixels == 255).all(axis=-1)).sum() == size * size - across * down


def test_preparing_what_was_prepared_changes_nothing() -> None:
    once = prepare(encode(draw(300, 200), "png"), 128).pixels
    again = prepare(encode(Image.fromarray(once), "png"), 128).pixels
    assert np.array_equal(once, again)


@pytest.mark.parametrize("encoding", ["jpeg", "png"])
@pytest.mark.parametrize("width", [225, 448, 449, 1000, 1801, 4003])
def test_a_large_photo_looks_as_if_it_had_been_decoded_whole(encoding: str, width: int) -> None:
    picture = draw(width, width * 2 // 3)
    target = fit(*picture.size, 224)
    expected = letterbox(picture.resize(target, Image.Resampling.BICUBIC), 224)
    got = prepare(encode(picture, encoding), 224).pixels
    assert np.abs(got.astype(int) - expected).max() <= 8
    assert np.abs(got.astype(int) - expected).mean() <= 0.8


@pytest.mark.parametrize("encoding", ["jpeg", "png"])
def test_a_region_is_the_same_as_the_cut_out_part(encoding: str) -> None:
    picture = draw(2000, 1600)
    part = picture.crop((500, 400, 1500, 800))
    region = prepare(encode(picture, encoding), 128, region=(0.25, 0.25, 0.75, 0.5))
    alone = prepare(encode(part, encoding), 128)
    assert np.abs(region.pixels.astype(int) - alone.pixels).max() <= 6
    assert (region.width, region.height) == (2000, 1600)


@pytest.mark.parametrize(
    "region",
    [(0, 0, 0, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (0.5, 0, 0.4, 1), (0, 0, float("nan"), 1), (0, 0, 0.01, 1)],
)
def test_an_impossible_region_is_the_requests_fault(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidRequestError) as error:
        prepare(encode(draw(200, 200), "png"), 64, region=region)
    assert error.value.field == "region"


def test_stages_are_told_in_order() -> None:
    told: list[tuple[str, float]] = []
    prepare(encode(draw(), "png"), 64, on_stage=lambda name, seconds: told.append((name, seconds)))
    assert [name for name, _ in told] == ["decode", "render"]
    assert all(seconds > 0 for _, seconds in told)
