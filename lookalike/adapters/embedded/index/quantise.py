import hashlib
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.domain.embedding import DIMENSIONS

Codes = npt.NDArray[np.float32]
_WIDEST: Final = 0.3  # 4.8 standard deviations of a unit vector's numbers after the turn; what is beyond is cut off
_TOP: Final = np.float32(127)


def quantise(vectors: npt.NDArray[np.float32]) -> Codes:
    """Unit vectors [..., 256] as whole numbers from -127 to 127 whose inner products keep their order, all but.

    They are turned at random first (a Hadamard matrix with random signs: Ailon and Chazelle, "Approximate nearest
    neighbors and the fast Johnson-Lindenstrauss transform", 2006): then no number is far from the others, whatever
    the model likes to do with its axes.
    """
    codes: Codes = np.rint(vectors @ _turn())
    np.minimum(codes, _TOP, out=codes)  # np.clip takes several times as long for one vector
    return np.maximum(codes, -_TOP, out=codes)


@cache
def _turn() -> npt.NDArray[np.float32]:
    # Made of whole numbers and of a hash, not of a random generator: the same on every machine and for good.
    hadamard = np.ones((1, 1))
    while len(hadamard) < DIMENSIONS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    bits = np.unpackbits(np.frombuffer(hashlib.sha256(b"lookalike").digest(), np.uint8))
    signs = 1.0 - 2.0 * bits
    turn: npt.NDArray[np.float64] = signs[:, None] * hadamard / np.sqrt(DIMENSIONS)
    return (turn * (127 / _WIDEST)).astype(np.float32)
