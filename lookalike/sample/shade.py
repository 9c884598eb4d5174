"""Light on cloth: a height field from bulge and folds, its slope, and what a soft studio lamp makes of it."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from lookalike.sample.fabric import SURFACES
from lookalike.sample.noise import creases, noise
from lookalike.sample.piece import Fold, Piece
from lookalike.sample.raster import Line, Patch, Plane, halved, resized, soften

_LAMP = (-0.42, -0.5, 0.757)
"""Towards the lamp: from the upper left; unit length."""
_HALFWAY = (-0.224, -0.267, 0.937)
"""Between the lamp and the camera straight above; unit length (Blinn, 1977)."""


_STIFF = 0.35
"""Pieces that drape less than this, bands and buttons, only undulate."""


@dataclass(frozen=True)
class Relief:
    """Of one piece on its patch: `light` (1 on flat cloth), the slope that warps patterns, and `glint` (0…1)."""

    light: Plane
    slope_x: Plane
    slope_y: Plane
    glint: Plane | float


def relief(piece: Piece, patch: Patch, mask: Plane, rng: np.random.Generator) -> Relief:
    """The piece under the lamp; worked out at half resolution, since cloth bends slowly."""
    low = halved(mask)
    inner = np.clip(2 * soften(low, max(piece.bulge / 2, 1)) - 1, -1, 1)
    height = 0.36 * piece.bulge * (1 - (1 - inner) ** 2)
    height += _free_folds(piece, low.shape, rng)
    height += _laid_folds(piece, patch)
    slope_y, slope_x = (gradient / 2 for gradient in np.gradient(height))
    facing = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    lambert = np.maximum(_towards(_LAMP, slope_x, slope_y) * facing, 0) / _LAMP[2]
    occlusion = 0.9 + 0.1 * inner
    light = (0.4 + 0.6 * np.minimum(lambert, 1.32)) * occlusion
    glint: Plane | float = 0.0
    if SURFACES[piece.fabric].gloss:
        cosine = np.clip(_towards(_HALFWAY, slope_x, slope_y) * facing, 0, 1)
        glint = resized(cosine ** (SURFACES[piece.fabric].sharpness * 2), patch.width, patch.height)
    full = [resized(plane, patch.width, patch.height) for plane in (light, slope_x, slope_y)]
    return Relief(full[0], full[1], full[2], glint)


def _towards(direction: tuple[float, float, float], slope_x: Plane, slope_y: Plane) -> Plane:
    x, y, z = direction
    return z - x * slope_x - y * slope_y


def _free_folds(piece: Piece, shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """Folds along the grain, broad undulation, and a few sharp creases across, in points of height."""
    height, width = shape
    amount = piece.drape * SURFACES[piece.fabric].stiffness
    if amount == 0:
        return np.zeros((height, width), np.float32)
    broad = noise(rng, (height, width), (38, 46), -piece.grain)
    if piece.drape < _STIFF:
        return broad * np.float32(2.5 * amount)
    long = noise(rng, (height, width), (16, 70), -piece.grain)
    sharp = creases(rng, (height, width), (34, 22), 0.5 - piece.grain)
    where = np.clip(noise(rng, (height, width), (44, 44)) + 0.1, 0, 1)
    fine = noise(rng, (height, width), (9, 14), -piece.grain)
    folds: Plane = long + 2.2 * broad + 2.4 * sharp * where + 0.22 * fine
    return folds * np.float32(amount)


def _laid_folds(piece: Piece, patch: Patch) -> Plane | float:
    """The folds that the cut prescribes: pleats, gathers, quilting."""
    groups: dict[float, list[Fold]] = defaultdict(list)
    for fold in piece.folds:
        groups[fold.width].append(fold)
    total: Plane | float = 0.0
    for width, folds in groups.items():
        highest = max(abs(fold.height) for fold in folds)
        lines = [Line(fold.path, fold.height / highest) for fold in folds]
        total = total + np.float32(highest) * soften(patch.stroke_halved(lines, width * 0.6), width / 4)
    return total
