import hashlib
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.domain.embedding import DIMENSIONS

Codes = npt.NDArray[np.int8]
_WIDEST: Final = 0.3  # 4.8 standard deviations of a unit vector's numbers after the turn; what is beyond is cut off


def quantise(vectors: npt.NDArray[np.float32]) -> Codes:
    """Unit vectors [..., 256] as int8 of one scale, so that inner products keep their order but for 1 % of noise.

    They are turned at random first (a Hadamard matrix with random signs, as in randomised quantisers since
    Ailon and Chazelle 2006): then no number is far from the others, whatever the model likes to do with its axes.
    """
    turned = vectors @ _turn()
    codes: Codes = np.clip(np.rint(turned * (127 / _WIDEST)), -127, 127).astype(np.int8)
    return codes


@cache
def _turn() -> npt.NDArray[np.float32]:
    # Made of whole numbers and of a hash, not of a random generator: the same on every machine and for good.
    hadamard = np.ones((1, 1), np.float32)
    while len(hadamard) < DIMENSIONS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    bits = np.unpackbits(np.frombuffer(hashlib.sha256(b"lookalike").digest(), np.uint8))
    signs = 1 - 2 * bits.astype(np.float32)
    return (signs[:, None] * hadamard / np.float32(np.sqrt(DIMENSIONS))).astype(np.float32)
