"""How many Triton servers a demand needs."""

from math import ceil
from typing import Final

PHOTOS_A_SECOND_ON_A_GPU: Final = 400.0
"""Planned, not measured: a third of the 1,250 photos/s in FP32 that are promised of this model on a GPU. The figure of
the GPU in use goes here once `docs/benchmarks.md` has it."""
PHOTOS_A_SECOND_ON_A_CPU: Final = 50.0
"""Half of what Triton did in FP32 on two whole cores (106 photos/s, `docs/benchmarks.md`, "Triton, rehearsed"), since
the two vCPUs of a cloud's smallest machine are one core."""
MARGIN: Final = 2.0
"""Room for bursts within a second, and for the loss of half of the servers."""


def triton_replicas(photos_a_second: float, *, of_one: float, least: int, margin: float = MARGIN) -> int:
    """Return how many servers, at least `least`, take `photos_a_second` when one takes `of_one`, with `margin`."""
    return max(least, ceil(margin * photos_a_second / of_one))
