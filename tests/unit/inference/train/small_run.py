"""Photos and configurations small enough to train on within a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inference.train.config import Config, Stage, read_config
from inference.train.dataset import LabelledPhotos

SIDE = 64
HERE = Path(__file__).parent
CONFIGS = Path(__file__).parents[4] / "inference" / "train"


def squares_and_stripes(count: int, seed: int) -> LabelledPhotos:
    """Two shapes in any colour, so that only the shape tells the category."""
    random = np.random.default_rng(seed)
    pixels = np.full((count, SIDE, SIDE, 3), 255, np.uint8)
    for i, photo in enumerate(pixels):
        colour = random.integers(0, 200, 3)
        if i % 2:
            photo[16:48, 16:48] = colour
        else:
            photo[:, ::8] = photo[:, 1::8] = colour
    labels = (np.arange(count) % 2).astype(np.int64)
    return LabelledPhotos(pixels, labels, ("stripes", "square"), tuple(Path(str(i)) for i in range(count)))


def small(name: str, *, epochs: int, **changes: object) -> Config:
    """A configuration of the family, or "alone", on tiny photos for a few epochs of one thread."""
    whole = read_config((HERE if name == "alone" else CONFIGS) / f"{name}.toml")
    optimisation = whole.optimisation.model_copy(update={"batch": 16, "average_decay": 0.5})
    sizes = {"photo_size": SIDE, "input_size": SIDE, "stages": (Stage(size=SIDE, epochs=epochs),)}
    return whole.model_copy(update={"threads": 1, "optimisation": optimisation, **sizes, **changes})
