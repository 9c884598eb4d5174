"""Printed and woven patterns: a tile of cloth that repeats, and its colour at any place of the cloth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lookalike.sample.palette import Rgb
from lookalike.sample.raster import Plane
from lookalike.sample.spec import Pattern

Tile = NDArray[np.float32]
"""sRGB, shape [side, side, 3], 0…1; repeats in both directions."""

_DETAIL = 2
"""Pixels of a tile for each point of cloth."""
_SAMPLES = 2
_GINGHAM = 0.5
"""Share of checks that are gingham; the others are tartans."""
_FIRST_INK = 0.65
"""Share of flowers in the accent itself."""
_HEART = (222, 176, 74)


def tile(pattern: Pattern, ground: Rgb, accent: Rgb, seed: int, *, upright: bool = False) -> Tile:
    """One repeat of the pattern, a single pixel if plain; `upright` turns stripes to run down the cloth."""
    if pattern is Pattern.PLAIN:
        return ground.reshape(1, 1, 3)
    rng = np.random.default_rng([seed, 11])
    cloth = _PAINTERS[pattern](ground, accent, rng)
    return np.ascontiguousarray(cloth.transpose(1, 0, 2)) if upright else cloth


def sample(cloth: Tile, u: Plane, v: Plane) -> Tile:
    """Colours [h, w, 3] of the cloth at coordinates in points (bilinear); [1, 1, 3] when it is plain."""
    side = cloth.shape[0]
    if side == 1:
        return cloth
    u, v = np.broadcast_arrays(u * _DETAIL, v * _DETAIL)
    left, top = np.floor(u), np.floor(v)
    fu, fv = (u - left)[..., None], (v - top)[..., None]
    x0, y0 = left.astype(np.int32) % side, top.astype(np.int32) % side
    x1, y1 = (x0 + 1) % side, (y0 + 1) % side
    flat = cloth.reshape(-1, 3)
    upper = flat[y0 * side + x0] * (1 - fu) + flat[y0 * side + x1] * fu
    lower = flat[y1 * side + x0] * (1 - fu) + flat[y1 * side + x1] * fu
    return np.asarray(upper * (1 - fv) + lower * fv, np.float32)


def _striped(ground: Rgb, accent: Rgb, rng: np.random.Generator) -> Tile:
    period = int(rng.integers(14, 27))
    share = rng.uniform(0.3, 0.5)
    side = period * _DETAIL
    row = _band(np.arange(side) + 0.5, side, share)[:, None, None]
    cloth = ground + (accent - ground) * row
    return np.ascontiguousarray(np.broadcast_to(cloth, (side, side, 3)), np.float32)


def _checked(ground: Rgb, accent: Rgb, rng: np.random.Generator) -> Tile:
    side = int(rng.integers(16, 34)) * _DETAIL
    band = _band(np.arange(side) + 0.5, side, 0.5)
    if rng.random() < _GINGHAM:  # gingham: threads of both colours mix to a middle tone
        mix = (band[:, None] + band[None]) / 2
        return np.asarray(ground + (accent - ground) * mix[..., None], np.float32)
    fine = _band(np.arange(side) + side * 0.25, side, 0.06)
    broad = _band(np.arange(side) + 0.5, side, 0.36)
    mix = 0.32 * (broad[:, None] + broad[None]) + 0.5 * np.maximum(fine[:, None], fine[None])
    return np.asarray(ground + (accent - ground) * np.clip(mix, 0, 1)[..., None], np.float32)


def _dotted(ground: Rgb, accent: Rgb, rng: np.random.Generator) -> Tile:
    pitch = int(rng.integers(15, 27)) * _DETAIL
    radius = pitch * rng.uniform(0.15, 0.23) * _SAMPLES
    image, draw = _sheet(pitch, ground)
    full = pitch * _SAMPLES
    for x, y in ((0, 0), (full, 0), (0, full), (full, full), (full / 2, full / 2)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_ink(accent))
    return _finished(image)


def _floral(ground: Rgb, accent: Rgb, rng: np.random.Generator) -> Tile:
    side = 84 * _DETAIL
    image, draw = _sheet(side, ground)
    leaf = np.array([0.36, 0.5, 0.34], np.float32) * (0.75 + 0.4 * float(ground.mean()))
    second = np.clip(accent * 0.6 + np.array([0.42, 0.2, 0.22], np.float32), 0, 1)
    places = (
        (0.2, 0.22, 1.0),
        (0.68, 0.12, 0.6),
        (0.78, 0.6, 1.1),
        (0.32, 0.72, 0.8),
        (0.52, 0.4, 0.5),
        (0.06, 0.93, 0.5),
    )
    for x, y, size in places:
        petals = accent if rng.random() < _FIRST_INK else second
        centre = (np.array([x, y]) + rng.uniform(-0.04, 0.04, 2)) * side
        _repeated(draw, side, _Flower(centre, size * side * 0.1, rng.uniform(0, 2 * np.pi), petals, leaf))
    return _finished(image)


@dataclass(frozen=True)
class _Flower:
    centre: NDArray[np.float64]
    size: float
    turn: float
    petals: Rgb
    leaf: Rgb

    def paint(self, draw: ImageDraw.ImageDraw, dx: int, dy: int) -> None:
        """Two leaves, five petals, and the heart, moved by `dx`, `dy`."""
        centre, size = (self.centre + np.array([dx, dy])) * _SAMPLES, self.size * _SAMPLES
        for angle in (self.turn + 0.3, self.turn + 2.6):
            _petal(draw, centre, angle, (size * 2.1, size * 0.42), _ink(self.leaf))
        for k in range(5):
            shade = self.petals * (0.86 + 0.05 * (k % 3))
            _petal(draw, centre, self.turn + k * 2 * np.pi / 5, (size * 1.25, size * 0.62), _ink(shade))
        _petal(draw, centre - (size * 0.28, 0), 0.0, (size * 0.56, size * 0.3), _HEART)


def _repeated(draw: ImageDraw.ImageDraw, side: int, flower: _Flower) -> None:
    """A flower with its copies over the tile's borders, so that the repeat shows no cut."""
    for dx in (-side, 0, side):
        for dy in (-side, 0, side):
            flower.paint(draw, dx, dy)


def _petal(
    draw: ImageDraw.ImageDraw,
    root: NDArray[np.float64],
    angle: float,
    size: tuple[float, float],
    ink: tuple[int, int, int],
) -> None:
    length, breadth = size
    t = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    along, across = length * (1 - np.cos(t)) / 2, breadth * np.sin(t)
    x = root[0] + along * np.cos(angle) - across * np.sin(angle)
    y = root[1] + along * np.sin(angle) + across * np.cos(angle)
    draw.polygon(np.stack([x, y], 1).round(2).ravel().tolist(), fill=ink)


def _band(position: NDArray[np.floating], side: int, share: float) -> NDArray[np.float64]:
    """1 on a band of `share` of the repeat, in its middle, with edges one pixel soft."""
    return np.asarray(np.clip(share * side / 2 - np.abs(position % side - side / 2) + 0.5, 0, 1))


def _sheet(side: int, ground: Rgb) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (side * _SAMPLES, side * _SAMPLES), _ink(ground))
    return image, ImageDraw.Draw(image)


def _finished(image: Image.Image) -> Tile:
    return np.asarray(image.reduce(_SAMPLES), np.float32) / np.float32(255)


def _ink(colour: Rgb) -> tuple[int, int, int]:
    red, green, blue = (round(float(c) * 255) for c in np.clip(colour, 0, 1))
    return red, green, blue


_PAINTERS: Mapping[Pattern, Callable[[Rgb, Rgb, np.random.Generator], Tile]] = {
    Pattern.STRIPED: _striped,
    Pattern.CHECKED: _checked,
    Pattern.DOTTED: _dotted,
    Pattern.FLORAL: _floral,
}
