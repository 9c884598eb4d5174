"""The studio: a soft off-white background, and the shadow a garment throws on what it lies on."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

Pixels = NDArray[np.float32]
"""sRGB, shape [height, width, 3], 0…1."""


def studio(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The garment (RGBA) on a studio background, as RGB."""
    paper = np.array([1.0, 0.995, 0.985], np.float32) + rng.uniform(-0.008, 0.008, 3).astype(np.float32)
    ground = to_image(_lamplight(garment.width, garment.height)[..., None] * paper)
    return lay_on(ground, garment, depth=0.34, distance=7)


@lru_cache(maxsize=2)
def _lamplight(width: int, height: int) -> Pixels:
    """Brightness of the paper: most above the middle, with a gentle vignette; finely dithered."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    dither = np.random.default_rng(19).uniform(-0.004, 0.004, (height, width)).astype(np.float32)
    return 0.957 - 0.042 * (x * x + (y + 0.25) ** 2) - 0.012 * y + dither


def lay_on(ground: Image.Image, garment: Image.Image, depth: float, distance: float) -> Image.Image:
    """The garment on an RGB ground of the same size, its shadow `distance` pixels long, `depth` (0…1) dark."""
    cover = garment.getchannel("A")
    far, near = _shadow(cover, distance), _shadow(cover, distance * 0.3)
    left_over = ImageChops.multiply(_inverted(far, depth), _inverted(near, 0.45 * depth))
    shaded = ImageChops.multiply(ground, Image.merge("RGB", [left_over] * 3))
    shaded.paste(garment, mask=cover)
    return shaded


def _inverted(shadow: Image.Image, depth: float) -> Image.Image:
    """The light that a shadow of this depth leaves."""
    return shadow.point([round(255 - depth * level) for level in range(256)])


def _shadow(cover: Image.Image, distance: float) -> Image.Image:
    small = cover.reduce(2)
    moved = Image.new("L", small.size)
    moved.paste(small, (round(distance * 0.25), round(distance * 0.5)))
    return moved.filter(ImageFilter.GaussianBlur(distance * 0.5)).resize(cover.size, Image.Resampling.BILINEAR)


def to_image(pixels: Pixels) -> Image.Image:
    """8-bit RGB."""
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8), "RGB")
