"""Greys of TIFFs by their own words: which value is black, how many bits there are (TIFF 6.0 §4 and §8)."""

import numpy as np
import pytest

from lookalike.imaging.prepare import prepare
from tests.hostile.bombs import tiff

SIDE = 64


def grey(values: np.ndarray, bits: int, photometric: int, sample_format: int = 1) -> bytes:
    """A TIFF of one uncompressed strip of numbers of 8, 16 or 32 bits."""
    tags = [(256, 4, 1, SIDE), (257, 4, 1, SIDE), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, photometric)]
    strip = values.astype(values.dtype.newbyteorder("<")).tobytes()
    start = 8 + 2 + 12 * 10 + 4
    layout = [
        (273, 4, 1, start),
        (277, 3, 1, 1),
        (278, 4, 1, SIDE),
        (279, 4, 1, len(strip)),
        (339, 3, 1, sample_format),
    ]
    return tiff(*tags, *layout, tail=strip)


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize(
    ("kind", "bits", "sample_format", "top"),
    [("u1", 8, 1, 255), ("u2", 16, 1, 65535), ("f4", 32, 3, 1.0), ("f4", 32, 3, 255.0)],
)
def test_black_and_white_are_what_the_file_says(
    kind: str, bits: int, sample_format: int, top: float, photometric: int
) -> None:
    ramp = np.broadcast_to(np.linspace(0, top, SIDE), (SIDE, SIDE)).astype(kind)
    seen = prepare(grey(ramp, bits, photometric, sample_format), SIDE).pixels[32, :, 0].astype(int)
    expected = np.linspace(0, 255, SIDE)
    assert np.abs(seen - (expected if photometric else 255 - expected)).max() <= 2


def test_twelve_bits_reach_white() -> None:
    packed = np.frombuffer(bytes.fromhex("ffffff") * (SIDE * SIDE // 2), np.uint8)
    assert prepare(grey(packed, 12, 1), SIDE).pixels.min() == 255
