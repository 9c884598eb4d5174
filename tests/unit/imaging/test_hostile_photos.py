import sys
import threading
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.limits import Limits
from lookalike.imaging.prepare import prepare
from tests.hostile import MEDIA_TYPES, bombs, cuts, encode_all, impostors
from tests.hostile.measure import measure, run_limited
from tests.hostile.pictures import draw, encode


@pytest.mark.parametrize("encoding", MEDIA_TYPES)
def test_a_file_cut_short_anywhere_says_so(encoding: str) -> None:
    whole, codes = encode_all()[encoding], []
    for data in cuts(encoding):
        try:
            prepare(data, 32)
        except PhotoRejectedError as error:
            unknown = {Rejection.EMPTY, Rejection.NOT_AN_IMAGE} if len(data) < 12 else set()
            codes.append(error.code in {Rejection.TRUNCATED, *unknown})
        else:  # all pixels were there: only the end mark is missing
            codes.append(len(data) >= len(whole) - 24)
    assert all(codes)
    assert len(codes) > 60


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_is_defused(name: str) -> None:
    data, code = bombs()[name]
    try:
        prepare(data, 64)
        outcome = "decoded"
    except PhotoRejectedError as error:
        outcome = error.code
    assert code in {"any", outcome} or (code == "any reject" and outcome != "decoded")


def _run_limited(program: str) -> list[list[str]]:
    return [line.split("|") for line in run_limited("-c", program).stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="platform: the peak is read from /proc")
def test_no_bomb_takes_more_than_its_share_of_memory_or_time(tmp_path: Path) -> None:
    """450 MB beyond what libraries and files hold, as a sound photo may take, and 2 s of a processor each."""
    names = dict(enumerate(bombs()))
    for number, name in names.items():
        (tmp_path / str(number)).write_bytes(bombs()[name][0])
    measured = measure([tmp_path / str(number) for number in names])
    assert [one.path.name for one in measured] == [str(number) for number in names]
    assert "MemoryError" not in {one.cause for one in measured}, "turned away by foresight, not by the limit"
    assert [(names[int(one.path.name)], one) for one in measured if one.memory > 450e6 or one.seconds > 2] == []


PILLOW_IMAGES = Path(__file__).parents[3] / ".cache" / "pillow-images" / "Tests" / "images"


@pytest.mark.skipif(sys.platform != "linux", reason="platform: the peak is read from /proc")
def test_none_of_pillows_own_test_images_does_harm() -> None:
    """Valid, odd and broken ones of every format: each decodes or is rejected, in 512 MB and 2 s, without a word."""
    files = sorted(path for path in PILLOW_IMAGES.rglob("*") if path.is_file())
    if not files:
        pytest.skip("corpus: `make test` fetches it")
    measured = measure(files)
    assert [one.path for one in measured] == files
    assert [one for one in measured if one.memory > 512e6 or one.seconds > 2 or one.outcome == "escaped"] == []
    assert sum(one.outcome == "decoded" for one in measured) > 600


_LARGEST = """
import resource, sys
from tests.hostile.measure import measure
from tests.hostile.pictures import draw, encode
from pathlib import Path
from lookalike.imaging.limits import Limits
from lookalike.imaging.prepare import prepare
prepare(encode(draw(), {encoding!r}), 32)
data = encode(draw(4000, 2500){convert}, {encoding!r})
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = held + 16 * 4000 * 2500
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(prepare(data, 224, limits=Limits(max_bytes=10**8)).pixels.shape, sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="platform: RLIMIT_AS binds on Linux only")
@pytest.mark.parametrize(
    ("encoding", "convert"),
    [
        ("jpeg", ""),
        ("png", ""),
        ("png", ".convert('RGBA')"),
        ("png", ".convert('P')"),
        ("webp", ""),
        ("avif", ""),
        ("jpeg progressive", ""),
        ("tiff lzw", ""),
        ("gif", ""),
        ("bmp", ""),
    ],
)
def test_the_largest_photo_fits_sixteen_bytes_a_pixel(encoding: str, convert: str) -> None:
    assert _run_limited(_LARGEST.format(encoding=encoding, convert=convert)) == [["(224, 224, 3)"]]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(MEDIA_TYPES)), st.data())
def test_flipped_bytes_decode_or_are_rejected_and_nothing_else(encoding: str, chance: st.DataObject) -> None:
    data = bytearray(encode_all()[encoding])
    places = st.integers(0, len(data) - 1) | st.integers(0, min(400, len(data) - 1))
    for at, byte in chance.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        data[at] = byte
    _decodes_or_is_rejected(bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(MEDIA_TYPES)), st.integers(4, 64), st.binary(max_size=300))
def test_noise_behind_a_sound_beginning_decodes_or_is_rejected(encoding: str, kept: int, noise: bytes) -> None:
    _decodes_or_is_rejected(encode_all()[encoding][:kept] + noise)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_no_picture(noise: bytes) -> None:
    _decodes_or_is_rejected(noise)


def _decodes_or_is_rejected(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            photo = prepare(data, 32, limits=Limits(max_pixels=1_000_000))
        except PhotoRejectedError as error:
            assert error.message  # noqa: PT017 (either outcome is right)
        else:
            assert photo.pixels.shape == (32, 32, 3)
            assert 0 <= photo.perceptual_hash < 2**64


def test_the_users_warning_filters_survive_many_threads() -> None:
    data, before = encode(draw(), "tiff"), list(warnings.filters)
    threads = [threading.Thread(target=lambda: [prepare(data, 32) for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_importing_and_using_it_leaves_pillow_as_it_was() -> None:
    program = """
from PIL import Image, ImageFile
Image.init()
def state(): return (sorted(Image.OPEN), sorted(Image.ID), Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
before = state()
from lookalike.imaging.prepare import prepare
from tests.hostile import encode_all
for data in encode_all().values(): prepare(data, 32)
assert state() == before
print("same")
"""
    assert _run_limited(program) == [["same"]]


def test_every_rejection_is_met_in_these_tests() -> None:
    met = {code for _, code in [*bombs().values(), *impostors().values()]}
    elsewhere = {Rejection.TRUNCATED, Rejection.WRONG_TYPE, Rejection.TOO_SMALL, Rejection.TOO_MANY_BYTES}
    assert {Rejection(code) for code in met if not code.startswith("any")} | elsewhere == set(Rejection)
