"""Smooth random fields: lattices of random numbers, enlarged with bicubic interpolation."""

import math

import numpy as np
from PIL import Image

from lookalike.sample.raster import Plane


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float], turn: float = 0.0) -> Plane:
    """A field of `shape` [height, width] with zero mean and values mostly within -1…1.

    `cell` is the (width, height) of the lattice in pixels: tall cells give streaks down the field.
    `turn` leans the streaks clockwise, in radians.
    """
    height, width = shape
    reach = (width, height) if turn == 0 else (math.hypot(width, height),) * 2
    columns, rows = int(reach[0] / cell[0]) + 5, int(reach[1] / cell[1]) + 5
    lattice = Image.fromarray(rng.standard_normal((rows, columns), np.float32) * np.float32(0.7))
    if turn == 0:
        left, top = (columns - width / cell[0]) / 2, (rows - height / cell[1]) / 2
        window = (left, top, columns - left, rows - top)
        return np.asarray(lattice.resize((width, height), Image.Resampling.BICUBIC, window), np.float32)
    cos, sin = math.cos(turn), math.sin(turn)
    a, b, d, e = cos / cell[0], sin / cell[0], -sin / cell[1], cos / cell[1]
    c = columns / 2 - (a * width + b * height) / 2
    f = rows / 2 - (d * width + e * height) / 2
    turned = lattice.transform((width, height), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC)
    return np.asarray(turned, np.float32)


def creases(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float], turn: float) -> Plane:
    """Thin ridges, 0…1, along the places where a smooth field changes sign."""
    field = noise(rng, shape, cell, turn)
    ridge = np.maximum(1 - np.abs(field) * 1.6, 0)
    return ridge * ridge
