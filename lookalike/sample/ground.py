"""What shoppers lay clothes on, or hang them before: boards, a bed sheet, a carpet, plaster, tiles."""

from collections.abc import Callable

import numpy as np

from lookalike.sample.noise import noise
from lookalike.sample.palette import Rgb
from lookalike.sample.raster import Plane
from lookalike.sample.scene import Pixels


def ground(height: int, width: int, rng: np.random.Generator) -> Pixels:
    """One of the grounds, in one of its colours: sRGB 0…1, shape [height, width, 3]."""
    paint = _GROUNDS[int(rng.integers(len(_GROUNDS)))]
    return paint((height, width), rng)


def _boards(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A wooden floor: boards of slightly different tone, with streaks along them."""
    width = shape[1]
    board = rng.uniform(64, 120)
    at = np.arange(width, dtype=np.float32) + rng.uniform(0, board)
    index = (at / board).astype(int)
    tone = rng.uniform(-0.07, 0.07, int(index.max()) + 1).astype(np.float32)[index]
    gap = np.abs(at / board - np.round(at / board)) * board < 1.2  # noqa: PLR2004 - pixels
    light = 1 + tone[None] + 0.07 * noise(rng, shape, (4, 150)) + 0.05 * noise(rng, shape, (14, 90))
    light = light * np.where(gap, 0.6, 1.0).astype(np.float32)[None]
    return _tinted(light, _pick(rng, ((0.66, 0.5, 0.34), (0.5, 0.36, 0.24), (0.78, 0.68, 0.54), (0.6, 0.57, 0.53))))


def _sheet(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A crumpled bed sheet or blanket, lit from the side."""
    height = 7 * noise(rng, shape, (110, 80), 0.6) + 2.6 * noise(rng, shape, (42, 60), -0.5)
    height += 1.2 * np.abs(noise(rng, shape, (70, 70)))
    slope_y, slope_x = np.gradient(height)
    light = 0.96 + 0.42 * (slope_x + 0.7 * slope_y) + 0.012 * rng.standard_normal(shape, np.float32)
    tints = (
        (0.86, 0.85, 0.83),
        (0.62, 0.67, 0.76),
        (0.8, 0.66, 0.62),
        (0.42, 0.44, 0.5),
        (0.72, 0.75, 0.66),
        (0.6, 0.16, 0.17),
    )
    return _tinted(light, _pick(rng, tints))


def _carpet(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A short-pile carpet."""
    light = 1 + 0.1 * noise(rng, shape, (2, 2)) + 0.09 * noise(rng, shape, (5, 5)) + 0.05 * noise(rng, shape, (60, 60))
    return _tinted(light, _pick(rng, ((0.66, 0.6, 0.52), (0.46, 0.44, 0.43), (0.5, 0.36, 0.28), (0.42, 0.48, 0.54))))


def _plaster(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A painted wall or a plain table."""
    light = 1 + 0.02 * noise(rng, shape, (90, 90)) + 0.012 * noise(rng, shape, (3, 3))
    return _tinted(light, _pick(rng, ((0.84, 0.82, 0.78), (0.74, 0.75, 0.76), (0.78, 0.72, 0.62), (0.68, 0.74, 0.74))))


def _tiles(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """Floor tiles with grout between them."""
    height, width = shape
    side = rng.uniform(150, 230)
    start_x, start_y = rng.uniform(0, side, 2)
    grout = np.maximum(_groove(height, start_y, side)[:, None], _groove(width, start_x, side)[None])
    light = 1 + 0.035 * noise(rng, shape, (26, 26)) + 0.02 * noise(rng, shape, (5, 5))
    return _tinted(
        light * (1 - np.float32(0.26) * grout), _pick(rng, ((0.8, 0.77, 0.71), (0.72, 0.72, 0.71), (0.7, 0.62, 0.54)))
    )


def _groove(length: int, start: float, side: float) -> Plane:
    at = (np.arange(length) + start) / side
    return np.asarray(np.clip(3.0 - np.abs(at - np.round(at)) * side, 0, 1), np.float32)


def _pick(rng: np.random.Generator, tints: tuple[tuple[float, float, float], ...]) -> Rgb:
    return np.array(tints[int(rng.integers(len(tints)))], np.float32)


def _tinted(light: Plane, tint: Rgb) -> Pixels:
    return np.asarray(light[..., None] * tint, np.float32)


_GROUNDS: tuple[Callable[[tuple[int, int], np.random.Generator], Pixels], ...] = (
    _boards,
    _sheet,
    _sheet,
    _carpet,
    _plaster,
    _tiles,
)
