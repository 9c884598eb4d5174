"""The studio: a soft off-white background, and the shadow a garment throws on what it lies on."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

Pixels = NDArray[np.float32]
"""sRGB, shape [height, width, 3], 0…1."""


def studio(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The garment (RGBA) on a studio background, as RGB."""
    lamp = _lamplight(garment.width, garment.height)
    paper = np.array([1.0, 0.995, 0.985]) + rng.uniform(-0.008, 0.008, 3)
    ground = Image.merge("RGB", [lamp.point([round(level * tint) for level in range(256)]) for tint in paper])
    return lay_on(ground, garment, depth=0.34, distance=7)


@lru_cache(maxsize=2)
def _lamplight(width: int, height: int) -> Image.Image:
    """Brightness of the paper: most above the middle, with a gentle vignette; finely dithered."""
    y = np.linspace(-1, 1, height)[:, None]
    x = np.linspace(-1, 1, width)[None]
    dither = np.random.default_rng(19).uniform(-0.004, 0.004, (height, width))
    light = 0.957 - 0.042 * (x * x + (y + 0.25) ** 2) - 0.012 * y + dither
    return Image.fromarray((light * 255 + 0.5).astype(np.uint8))


def lay_on(ground: Image.Image, garment: Image.Image, depth: float, distance: float) -> Image.Image:
    """The garment on an RGB ground of the same size, its shadow `distance` pixels long, `depth` (0…1) dark."""
    cover = garment.getchannel("A")
    small = cover.reduce(2)
    far, near = _shadow(small, distance, depth), _shadow(small, distance * 0.3, 0.45 * depth)
    shaded = ground.copy()
    dark = ImageChops.screen(far, near).resize(cover.size, Image.Resampling.BILINEAR)
    shaded.paste((0, 0, 0), mask=dark)
    shaded.paste(garment, mask=cover)
    return shaded


def _shadow(small: Image.Image, distance: float, depth: float) -> Image.Image:
    """How dark it gets at half the resolution, to the lower right of what covers the ground."""
    moved = Image.new("L", small.size)
    moved.paste(small, (round(distance * 0.25), round(distance * 0.5)))
    return moved.filter(ImageFilter.GaussianBlur(distance * 0.5)).point([round(depth * c) for c in range(256)])


def to_image(pixels: Pixels) -> Image.Image:
    """8-bit RGB."""
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8), "RGB")
