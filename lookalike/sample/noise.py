"""Smooth random fields: lattices of random numbers, enlarged with bicubic interpolation."""

import math

import numpy as np
from PIL import Image

from lookalike.sample.raster import Plane


def noise(
    rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float], turn: float = 0.0
) -> Plane:
    """A field of `shape` [height, width] with zero mean and values mostly within -1…1.

    `cell` is the (width, height) of the lattice in pixels: tall cells give streaks down the field.
    `turn` leans the streaks clockwise, in radians.
    """
    height, width = shape
    side = (width, height) if turn == 0 else (int(math.hypot(width, height)) + 2,) * 2
    lattice = rng.standard_normal((int(side[1] / cell[1]) + 3, int(side[0] / cell[0]) + 3), np.float32) * 0.7
    grown = Image.fromarray(lattice).resize(
        (int(lattice.shape[1] * cell[0]) + 1, int(lattice.shape[0] * cell[1]) + 1), Image.Resampling.BICUBIC
    )
    if turn:
        grown = grown.rotate(math.degrees(turn), Image.Resampling.BILINEAR)
    left, top = (grown.width - width) // 2, (grown.height - height) // 2
    return np.asarray(grown.crop((left, top, left + width, top + height)), np.float32)


def creases(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float], turn: float) -> Plane:
    """Thin ridges, 0…1, along the places where a smooth field changes sign."""
    field = noise(rng, shape, cell, turn)
    ridge = np.maximum(1 - np.abs(field) * 1.6, 0)
    return ridge * ridge
