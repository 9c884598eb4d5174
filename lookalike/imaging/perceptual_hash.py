from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE: Final = 32
_KEPT: Final = 8


def _cosines() -> npt.NDArray[np.float64]:
    """The first 8 rows of the 32-point DCT-II, unnormalised."""
    k, n = np.arange(_KEPT)[:, None], np.arange(_SIDE)[None, :]
    return np.cos(np.pi * k * (2 * n + 1) / (2 * _SIDE))


_COSINES: Final = _cosines()


def perceptual_hash(image: Image.Image) -> int:
    """64 bits that change little when a picture is scaled, recompressed or toned.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), §3.2.1:
    grey, 32 x 32, the 8 x 8 lowest frequencies, a bit for each one above their median; the first bit is the
    mean's, the highest. Copies of one photo usually lie within 10 bits, unrelated ones around 32.
    """
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    pixels = np.asarray(grey, dtype=np.float64)
    low = np.round(_COSINES @ pixels @ _COSINES.T)  # whole numbers, so that a flat picture has no noise to hash
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def hamming_distance(one: int, other: int) -> int:
    """How many bits differ, 0 to 64."""
    return (one ^ other).bit_count()
