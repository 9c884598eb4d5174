"""A garment as a shopper's phone sees it: at home, a little askew, in whatever light there is."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lookalike.sample.ground import ground
from lookalike.sample.noise import noise
from lookalike.sample.scene import Pixels, lay_on, to_image

Corners = NDArray[np.float64]
"""Shape [4, 2]: upper left, upper right, lower right, lower left, in pixels."""


def photograph(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A garment (RGBA) photographed by hand, as RGB of the same size; `rng` decides everything else."""
    below = to_image(ground(garment.height, garment.width, rng))
    laid = lay_on(below, askew(garment, rng), depth=float(rng.uniform(0.4, 0.6)), distance=float(rng.uniform(4, 10)))
    seen = laid.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 0.7))))
    return to_image(_sensed(_in_light(np.asarray(seen, np.float32) / np.float32(255), rng), rng))


def askew(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turned by up to 12 degrees, a little nearer or farther, off centre, and seen at a slant."""
    width, height = garment.size
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.radians(rng.uniform(-12, 12))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = frame.mean(0)
    placed = (frame - centre) @ turn * rng.uniform(0.86, 1.08) + centre + rng.uniform(-18, 18, 2)
    placed += rng.uniform(-0.045, 0.045, (4, 2)) * (width, height)
    return garment.transform(
        garment.size, Image.Transform.PERSPECTIVE, homography(placed, frame), Image.Resampling.BICUBIC
    )


def homography(source: Corners, target: Corners) -> tuple[float, ...]:
    """Pillow's eight coefficients of the projective map that takes four points to four others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), target.reshape(8))
    return tuple(float(c) for c in solved)


def _in_light(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Uneven light from one side, a lamp's or a window's tint, and the exposure the phone chose."""
    height, width = pixels.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    side = rng.uniform(-0.12, 0.12, 2).astype(np.float32)
    light = 1 + side[0] * x + side[1] * y - np.float32(rng.uniform(0.02, 0.1)) * (x * x + y * y)
    light = light + np.float32(0.03) * noise(rng, (height, width), (160, 160))
    warmth = float(rng.uniform(-0.06, 0.06))
    tint = np.array([1 + warmth, 1 + 0.2 * warmth, 1 - warmth], np.float32) * np.float32(rng.uniform(0.86, 1.08))
    return np.asarray(pixels * light[..., None] * tint, np.float32)


def _sensed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The sensor's noise, 0.5 to 2 % of full scale."""
    speckle = rng.standard_normal(pixels.shape, np.float32)
    return np.asarray(pixels + np.float32(rng.uniform(0.005, 0.02)) * speckle, np.float32)
