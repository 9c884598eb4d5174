"""How alike two photos are in colour, judged at the middle, where the garment is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# sRGB -> Oklab, Björn Ottosson, "A perceptual color space for image processing" (2020).
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
# The sRGB transfer curve, IEC 61966-2-1, for each of 256 levels.
_LEVELS = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 (the curve's own)
_BINS = (8, 12, 12)  # lightness; green to red; blue to yellow
_LOW = np.array([0.0, -0.24, -0.24], np.float32)
_HIGH = np.array([1.0, 0.24, 0.24], np.float32)
_SIDE = 56  # pixels a side that suffice for a histogram
_CENTRE_SIGMA = 0.16  # of the side: wider, and the background decides


def oklab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """SRGB uint8 [..., 3] as Oklab float32 [..., 3]."""
    return np.asarray(np.cbrt(_LINEAR[pixels] @ _TO_LMS.T) @ _TO_OKLAB.T, np.float32)


def colour_signatures(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unit vectors [n, 1152] whose dot product, 0..1, is the likeness in colour.

    The square root of a smoothed, centre-weighted Oklab histogram, so that the
    dot product is Bhattacharyya's coefficient.
    """
    step = max(1, pixels.shape[1] // _SIDE)
    small = pixels[:, step // 2 :: step, step // 2 :: step]
    weights = _centre_weights(small.shape[1])
    return np.stack([_signature(photo, weights) for photo in small])


def _signature(photo: NDArray[np.uint8], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    place = (oklab(photo) - _LOW) / (_HIGH - _LOW) * np.array(_BINS)
    cells = np.clip(place.astype(np.int64), 0, np.array(_BINS) - 1).reshape(-1, 3)
    flat = np.ravel_multi_index((cells[:, 0], cells[:, 1], cells[:, 2]), _BINS)
    counts = np.bincount(flat, weights.ravel(), minlength=int(np.prod(_BINS))).astype(np.float64)
    root = np.sqrt(_smoothed(counts.reshape(_BINS))).ravel()
    return np.asarray(root / np.linalg.norm(root), np.float32)


def _centre_weights(side: int) -> NDArray[np.float32]:
    offset = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    bell = np.exp(-0.5 * (offset / _CENTRE_SIGMA) ** 2)
    return np.asarray(np.outer(bell, bell), np.float32)


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread each count over its neighbours (1-2-1 along each axis): near colours are alike."""
    for axis in range(counts.ndim):
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(counts.ndim)])
        first, last = np.delete(padded, [-1, -2], axis), np.delete(padded, [0, 1], axis)
        counts = 0.25 * first + 0.5 * counts + 0.25 * last
    return counts
