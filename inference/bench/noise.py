"""Photos of no garment: a model takes as long for them."""

from functools import cache

import numpy as np

from lookalike.ports.embedder import Pixels


@cache
def noise(count: int, side: int) -> list[Pixels]:
    """So many, uint8 [side, side, 3], the same each time."""
    return list(np.random.default_rng(1).integers(0, 256, (count, side, side, 3), dtype=np.uint8))
