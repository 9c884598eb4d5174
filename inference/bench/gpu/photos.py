"""Photos to run the model on, drawn: no photo has to travel to a machine for its speed to be known."""

import numpy as np
from PIL import Image

from inference.bench.gpu.way import Photos
from lookalike.imaging.letterbox import fit, letterbox
from lookalike.sample import draw, draw_catalogue


def drawn_photos(count: int, size: int, seed: int = 1) -> Photos:
    """`count` studio photos of the sample shop's garments, letterboxed to `size` pixels a side."""
    return np.stack([_letterboxed(draw(garment.spec), size) for garment in draw_catalogue(count, seed=seed)])


def _letterboxed(photo: Image.Image, size: int) -> Photos:
    return letterbox(photo.resize(fit(photo.width, photo.height, size), Image.Resampling.BICUBIC), size)
