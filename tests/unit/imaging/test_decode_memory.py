import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.limits import Limits
from lookalike.imaging.prepare import decode_memory, prepare
from tests.hostile import draw, encode

_MEASURE = """
import sys
from pathlib import Path
from lookalike.imaging.limits import Limits
from lookalike.imaging.prepare import decode_memory, prepare
from tests.hostile.pictures import draw, encode, encode_all
from tests.hostile.tiffs import write_tiff
import numpy as np
from PIL import Image
def status(key):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(key))
for sound in encode_all().values():
    prepare(sound, 32)
for name, region in {cases!r}:
    data = eval(name)
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    prepare(data, 224, region=region)
    print(name, status("VmHWM") - before, decode_memory(data, 224, region=region), sep="|")
"""
_PART = (0.1, 0.1, 0.2, 0.2)
_BIG = "draw(1800, 1200)"
_CASES = [
    (f"encode({_BIG}, 'jpeg')", None),
    (f"encode({_BIG}, 'jpeg')", _PART),
    (f"encode({_BIG}.convert('CMYK'), 'jpeg')", _PART),
    (f"encode({_BIG}, 'jpeg progressive')", None),
    (f"encode({_BIG}, 'jpeg progressive', subsampling=2)", _PART),
    (f"encode({_BIG}, 'png')", None),
    (f"encode({_BIG}.convert('LA'), 'png')", None),
    (f"encode({_BIG}.convert('P'), 'png', transparency=3)", None),
    (f"encode({_BIG}, 'png', transparency=(3, 3, 3))", None),
    ("encode(Image.fromarray(np.zeros((1200, 1800), np.uint16)), 'png')", None),
    (f"encode({_BIG}, 'webp', method=0)", None),
    (f"encode({_BIG}, 'avif')", None),
    (f"encode({_BIG}.convert('RGBA'), 'heic')", None),
    (f"encode({_BIG}, 'tiff lzw', tiffinfo={{278: 1200}})", None),
    (f"encode({_BIG}.convert('YCbCr'), 'tiff')", None),
    ("encode(Image.fromarray(np.zeros((1200, 1800), np.float32)), 'tiff')", None),
    ("encode(Image.fromarray(np.zeros((1200, 1800), np.int32)), 'tiff')", None),
    (f"write_tiff(np.asarray({_BIG}).astype(np.uint16) * 257, 16, 2, planar=2)", None),
    (f"write_tiff(np.asarray({_BIG}.convert('RGBA')), 8, 2, (338, [1]), planar=2, deflate=True)", None),
    (f"write_tiff(np.asarray({_BIG}) >> 7, 1, 2)", None),
    (f"write_tiff(np.asarray({_BIG})[..., :1] >> 7, 1, 0, fill_order=2)", None),
    ("write_tiff(np.zeros((1200, 1800, 1)), 64, 1, (339, [3]))", None),
    (f"encode({_BIG}.convert('P'), 'gif')", None),
    (f"encode({_BIG}.convert('RGBA'), 'bmp')", None),
]


@pytest.mark.skipif(sys.platform != "linux", reason="platform: the peak is read from /proc")
def test_no_photo_takes_more_memory_than_foreseen() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(cases=_CASES)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"MALLOC_ARENA_MAX": "2", "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split("|") for line in done.stdout.splitlines()]
    assert len(lines) == len(_CASES)
    assert [name for name, taken, foreseen in lines if int(taken) > int(foreseen)] == []


def test_a_jpeg_is_foreseen_at_the_size_it_decodes_at() -> None:
    whole = encode(draw(4000, 3000), "jpeg")
    assert decode_memory(whole, 224) < 10_000_000 + len(whole)
    assert decode_memory(whole, 224, region=_PART) > 4 * 4000 * 3000


def test_memory_is_foreseen_before_pixels_are_touched() -> None:
    """The 40 bytes of a WebP that claims 25 million pixels are told as what they unfold into."""
    claim = b"RIFF\x1c\0\0\0WEBPVP8L\x0f\0\0\0\x2f" + (4999 | 4999 << 14).to_bytes(4, "little") + bytes(11)
    assert decode_memory(claim, 224) >= 12 * 5000 * 5000


@pytest.mark.parametrize("encoding", ["jpeg progressive", "png", "webp", "tiff", "gif"])
def test_what_takes_too_much_memory_is_turned_away(encoding: str) -> None:
    data = encode(draw(1200, 900), encoding)
    needed = decode_memory(data, 64)
    assert prepare(data, 64, limits=Limits(max_memory=needed)).width == 1200
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(data, 64, limits=Limits(max_memory=needed - 1))
    assert rejected.value.code is Rejection.TOO_MANY_PIXELS


def test_a_photo_of_48_megapixels_decodes_scaled() -> None:
    data = encode(Image.new("RGB", (8000, 6000), (200, 100, 50)), "jpeg")
    photo = prepare(data, 64, region=(0.0, 0.0, 0.9, 0.9))
    assert (photo.width, photo.height) == (8000, 6000)
    assert np.abs(photo.pixels[32, 32].astype(int) - (200, 100, 50)).max() <= 4
    with pytest.raises(PhotoRejectedError) as rejected:
        prepare(encode(Image.new("1", (8000, 6000)), "png"), 64)
    assert rejected.value.code is Rejection.TOO_MANY_PIXELS


def test_a_small_part_of_a_huge_jpeg_is_read_at_a_size_that_fits() -> None:
    data = encode(draw(1600, 1200), "jpeg")
    part = prepare(data, 224, limits=Limits(max_pixels=500_000), region=(0.25, 0.25, 0.35, 0.35)).pixels
    full = prepare(data, 224, region=(0.25, 0.25, 0.35, 0.35)).pixels
    assert np.abs(part.astype(int) - full).max() <= 6
