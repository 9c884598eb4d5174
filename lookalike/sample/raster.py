"""Coverage of shapes and lines on a patch of the canvas, anti-aliased by supersampling."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lookalike.sample.curve import Points

WIDTH, HEIGHT = 480, 600
"""The canvas, in pixels; one point is one pixel."""
Plane = NDArray[np.float32]
"""Shape [height, width] of a patch or of the canvas."""

_SAMPLES = 3
_MIDDLE = 128
"""The grey that stands for neither up nor down."""


@dataclass(frozen=True)
class Line:
    """A path to be stroked, and how deep."""

    path: Points
    depth: float = 1.0


@dataclass(frozen=True)
class Patch:
    """An upright rectangle of the canvas with even sides, so that it halves exactly."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, points: Points, margin: float) -> "Patch | None":
        """The smallest patch that holds the points and a margin; None when it is off the canvas."""
        low = np.floor(points.min(0) - margin + (WIDTH / 2, 0)).astype(int)
        high = np.ceil(points.max(0) + margin + (WIDTH / 2, 0)).astype(int)
        left, top = max(int(low[0]), 0) & ~1, max(int(low[1]), 0) & ~1
        right, bottom = min(int(high[0]) + 1 & ~1, WIDTH), min(int(high[1]) + 1 & ~1, HEIGHT)
        if right - left < 2 or bottom - top < 2:  # noqa: PLR2004 - nothing left to halve
            return None
        return cls(left, top, right - left, bottom - top)

    @property
    def on_canvas(self) -> tuple[slice, slice]:
        """Where the patch lies in an array of the canvas."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def grid(self) -> tuple[Plane, Plane]:
        """X (shape [1, width]) and y (shape [height, 1]) of the pixels' centres, in points."""
        x = np.arange(self.width, dtype=np.float32)[None] + (self.left + 0.5 - WIDTH / 2)
        y = np.arange(self.height, dtype=np.float32)[:, None] + (self.top + 0.5)
        return x, y

    def fill(self, outline: Points) -> Plane:
        """Coverage 0…1 of a closed shape."""
        image = self._sheet(_SAMPLES)
        ImageDraw.Draw(image).polygon(self._coordinates(outline, _SAMPLES), fill=255)
        return _as_plane(image.reduce(_SAMPLES))

    def stroke(self, lines: Iterable[Line], width: float) -> Plane:
        """Lines of a width in points, as deep (0…1) as each says; where they cross, the later one counts."""
        image = self._sheet(2)
        self._draw(image, lines, width * 2, 2)
        return _as_plane(image.reduce(2))

    def stroke_halved(self, lines: Iterable[Line], width: float) -> Plane:
        """The same for depths -1…1 at half the patch's size, with hard edges: for what is blurred anyway."""
        image = self._sheet(1, _MIDDLE)
        self._draw(image, (Line(line.path, (line.depth + 1) / 2) for line in lines), width, 1)
        return (_as_plane(image.reduce(2)) - np.float32(_MIDDLE / 255)) * np.float32(2)

    def _draw(self, image: Image.Image, lines: Iterable[Line], width: float, samples: int) -> None:
        draw = ImageDraw.Draw(image)
        for line in lines:
            ink = round(255 * line.depth)
            draw.line(self._coordinates(line.path, samples), fill=ink, width=max(round(width), 1))

    def _sheet(self, samples: int, ink: int = 0) -> Image.Image:
        return Image.new("L", (self.width * samples, self.height * samples), ink)

    def _coordinates(self, points: Points, samples: int) -> list[float]:
        corner = np.array([self.left - WIDTH / 2, self.top])
        return list(((points - corner) * samples).round(2).ravel().tolist())


def _as_plane(image: Image.Image) -> Plane:
    return np.asarray(image, np.float32) / np.float32(255)


def soften(plane: Plane, radius: float) -> Plane:
    """A Gaussian-like blur (sigma about 0.66 `radius`): shrunk, two running means, enlarged; borders repeat."""
    height, width = plane.shape
    step = max(radius / 3, 1.0)
    small = plane
    if step > 1:
        size = (max(round(width / step), 2), max(round(height / step), 2))
        image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
        small = np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32)
    reach = max(round(0.66 * radius / step), 1)
    for _ in range(2):
        small = _running_mean(_running_mean(small, reach).T, reach).T
    return resized(small, width, height) if step > 1 else small


def _running_mean(plane: Plane, reach: int) -> Plane:
    top, bottom = plane[:1].repeat(reach + 1, 0), plane[-1:].repeat(reach, 0)
    total: Plane = np.cumsum(np.concatenate([top, plane, bottom]), axis=0, dtype=np.float32)
    return (total[2 * reach + 1 :] - total[: -2 * reach - 1]) / np.float32(2 * reach + 1)


def halved(plane: Plane) -> Plane:
    """Half the size, each pixel the mean of four."""
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) * np.float32(0.25)


def resized(plane: Plane, width: int, height: int) -> Plane:
    """Another size, bicubic."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)
