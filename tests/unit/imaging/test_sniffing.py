import pytest

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.limits import Limits
from lookalike.imaging.prepare import prepare
from lookalike.imaging.sniff import sniff
from tests.hostile import MEDIA_TYPES, draw, encode, encode_all, impostors, polyglots


@pytest.mark.parametrize("encoding", MEDIA_TYPES)
def test_the_bytes_tell_the_type(encoding: str) -> None:
    assert sniff(encode_all()[encoding]) == MEDIA_TYPES[encoding]


@pytest.mark.parametrize("name", polyglots())
def test_a_picture_that_is_something_else_too_is_read_as_the_picture(name: str) -> None:
    photo = prepare(polyglots()[name], 64)
    assert (photo.width, photo.height) == (96, 64)
    assert photo.media_type == f"image/{name.partition(' ')[0]}"


@pytest.mark.parametrize("name", impostors())
def test_what_is_no_picture_is_turned_away_with_its_reason(name: str) -> None:
    data, code = impostors()[name]
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(data, 64)
    assert rejected.value.code == code
    assert rejected.value.message.endswith(".")


@pytest.mark.parametrize(
    "declared",
    [None, "", "image/png", "IMAGE/JPG", "image/x-unheard-of", "application/octet-stream", "binary/octet-stream"],
)
def test_a_wrong_image_type_or_none_is_forgiven(declared: str | None) -> None:
    assert prepare(encode_all()["webp"], 64, declared_type=declared).media_type == "image/webp"


@pytest.mark.parametrize("declared", ["text/html", "application/pdf; charset=utf-8", "video/mp4", "images/png"])
def test_a_type_that_is_no_image_is_not(declared: str) -> None:
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(encode_all()["jpeg"], 64, declared_type=declared)
    assert rejected.value.code is Rejection.WRONG_TYPE


def test_limits_are_the_callers() -> None:
    data = encode(draw(100, 50), "png")
    assert prepare(data, 32, limits=Limits(max_bytes=len(data), max_pixels=5000, min_side=50)).width == 100
    for limits, code in (
        (Limits(max_bytes=len(data) - 1), Rejection.TOO_MANY_BYTES),
        (Limits(max_pixels=4999), Rejection.TOO_MANY_PIXELS),
        (Limits(min_side=51), Rejection.TOO_SMALL),
    ):
        with pytest.raises(PhotoRejectedError) as rejected:
            prepare(data, 32, limits=limits)
        assert rejected.value.code is code


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 1), (15, 400), (1, 1)])
def test_a_sliver_shows_nothing(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(encode(draw(*size), "png"), 64)
    assert rejected.value.code is Rejection.TOO_SMALL
