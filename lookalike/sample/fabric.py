"""The look of cloth from near: weave, ribs, twill, grain of leather; and how much it shines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lookalike.sample.noise import noise
from lookalike.sample.piece import Fabric
from lookalike.sample.raster import HEIGHT, WIDTH, Patch, Plane


@dataclass(frozen=True)
class Surface:
    """How cloth answers light, and how it falls.

    `gloss` of highlights (0…1) and their `sharpness`; `grain`, the share of fine noise; `stiffness`, which
    makes folds higher.
    """

    gloss: float
    sharpness: float
    grain: float
    stiffness: float


SURFACES: Mapping[Fabric, Surface] = {
    Fabric.JERSEY: Surface(0.02, 8, 0.022, 1.0),
    Fabric.POPLIN: Surface(0.03, 10, 0.014, 1.15),
    Fabric.DENIM: Surface(0.0, 8, 0.045, 0.8),
    Fabric.KNIT: Surface(0.0, 8, 0.03, 0.7),
    Fabric.RIB: Surface(0.0, 8, 0.02, 0.4),
    Fabric.WOOL: Surface(0.0, 8, 0.035, 0.6),
    Fabric.NYLON: Surface(0.16, 22, 0.008, 1.1),
    Fabric.LEATHER: Surface(0.2, 26, 0.01, 0.5),
    Fabric.STRAW: Surface(0.03, 10, 0.03, 0.3),
    Fabric.RUBBER: Surface(0.08, 16, 0.006, 0.0),
}


def texture(fabric: Fabric, u: Plane, v: Plane, patch: Patch, rng: np.random.Generator) -> Plane:
    """Brightness of the cloth around 1, at cloth coordinates in points on a patch of the canvas."""
    value = 1 + SURFACES[fabric].grain * _speckle()[patch.on_canvas]
    if fabric is Fabric.DENIM:
        value += 0.035 * np.sin((u * 0.8 + v) * (2 * np.pi / 4)) + 0.04 * noise(rng, value.shape, (2.2, 26))
    elif fabric is Fabric.KNIT:
        value += 0.05 * _stitches(u, v)
    elif fabric is Fabric.RIB:
        value += 0.075 * np.sin(u * (2 * np.pi / 4.6))
    elif fabric is Fabric.STRAW:
        value += 0.06 * np.sin(u * (2 * np.pi / 5)) * np.sin(v * (2 * np.pi / 5))
    elif fabric is Fabric.WOOL:
        value += 0.035 * noise(rng, value.shape, (3, 3))
    elif fabric is Fabric.LEATHER:
        value += 0.014 * noise(rng, value.shape, (4, 4))
    return value.astype(np.float32)


@lru_cache(maxsize=1)
def _speckle() -> Plane:
    """Fine white noise for the whole canvas; too small to be told apart from cloth to cloth."""
    return np.random.default_rng(17).standard_normal((HEIGHT, WIDTH), np.float32)


def _stitches(u: Plane, v: Plane) -> Plane:
    """Columns of V-shaped loops, as stocking stitch shows them."""
    column = u * (1 / 6.5)
    lean = np.abs(column - np.floor(column) - 0.5) * 7
    loops = np.sin((v + lean) * (2 * np.pi / 5)) + 0.8 * np.cos(column * 2 * np.pi)
    return np.asarray(loops, np.float32)
