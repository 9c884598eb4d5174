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
        image, draw = self._sheet()
        draw.polygon(self._coordinates(outline), fill=255)
        return _reduced(image)

    def stroke(self, paths: Iterable[Points], width: float) -> Plane:
        """Coverage 0…1 of lines of a width in points."""
        image, draw = self._sheet()
        for path in paths:
            draw.line(self._coordinates(path), fill=255, width=max(round(width * _SAMPLES), 1))
        return _reduced(image)

    def _sheet(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        image = Image.new("L", (self.width * _SAMPLES, self.height * _SAMPLES))
        return image, ImageDraw.Draw(image)

    def _coordinates(self, points: Points) -> list[float]:
        corner = np.array([self.left - WIDTH / 2, self.top])
        return [float(c) for c in ((points - corner) * _SAMPLES).round(2).ravel()]


def _reduced(image: Image.Image) -> Plane:
    return np.asarray(image.reduce(_SAMPLES), np.float32) / np.float32(255)


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
