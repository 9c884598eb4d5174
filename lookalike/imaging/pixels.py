import io

import numpy as np
import numpy.typing as npt

from lookalike.errors import CatalogueDamagedError


def encode_pixels(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Prepared pixels as bytes to store: NumPy's own `.npy` format, which states shape and type."""
    buffer = io.BytesIO()
    np.save(buffer, pixels, allow_pickle=False)
    return buffer.getvalue()


def decode_pixels(stored: bytes) -> npt.NDArray[np.uint8]:
    """The very pixels `encode_pixels` was given. Raises `CatalogueDamagedError` on anything else."""
    try:
        return np.load(io.BytesIO(stored), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise CatalogueDamagedError("stored pixels cannot be read") from error
