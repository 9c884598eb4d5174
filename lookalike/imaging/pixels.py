import io

import numpy as np
import numpy.typing as npt

from lookalike.errors import CatalogueDamagedError


def encode_pixels(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Prepared pixels as bytes to store: NumPy's own `.npy` format, which states shape and type.

    For 224 x 224 photos of clothing: 151 KB, written in 0.1 ms and read in 0.1 ms. Lossless alternatives, measured
    on the same machine: PNG level 1 64 KB, 5.3 and 2.2 ms; WebP 45 KB, 2.2 and 1.8 ms; zlib level 1 81 KB, 3.2 and
    1.1 ms. A model that takes 4 ms a photo on a CPU, and far less on a GPU, should not wait 2 ms for its input.
    """
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, pixels, allow_pickle=False)
    return buffer.getvalue()


def decode_pixels(stored: bytes) -> npt.NDArray[np.uint8]:
    """The very pixels `encode_pixels` was given. Raises `CatalogueDamagedError` on anything else."""
    try:
        pixels = np.lib.format.read_array(io.BytesIO(stored), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise CatalogueDamagedError("stored pixels cannot be read") from error
    if pixels.dtype != np.uint8 or pixels.ndim != 3:  # noqa: PLR2004 (height, width, colour)
        raise CatalogueDamagedError(f"stored pixels are {pixels.dtype} of {pixels.ndim} dimensions")
    return np.asarray(pixels, dtype=np.uint8)
