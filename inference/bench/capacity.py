"""How much load a server holds within a latency budget, and which of several servings to prefer.

Nothing here knows what is measured; whoever calls brings `measure`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

MOST_LOST: Final = 0.01
"""A 99th percentile looks away from one in a hundred; so many may be refused, too."""


@dataclass(frozen=True, slots=True)
class Point:
    """What came of `offered` requests a second: how many were served, how fast, and which share was not."""

    offered: float
    served: float
    p50_ms: float
    p99_ms: float
    refused: float

    def holds(self, budget_ms: float) -> bool:
        """Whether 99 in 100 were served, and those within the budget; never where nothing was served (NaN)."""
        return self.p99_ms <= budget_ms and self.refused <= MOST_LOST


@dataclass(frozen=True, slots=True)
class Curve:
    """Points measured of one serving: batches of up to `max_batch`, waiting up to `delay_us` microseconds to fill."""

    max_batch: int
    delay_us: int
    points: Sequence[Point]

    def capacity(self, budget_ms: float) -> float:
        """The highest offered rate that held, in requests a second; 0 where none did."""
        return max((point.offered for point in self.points if point.holds(budget_ms)), default=0.0)


def bisect(
    measure: Callable[[float], Point],
    budget_ms: float,
    *,
    start: float,
    tries: int = 8,
    tolerance: float = 0.1,
    enough: Callable[[], bool] = lambda: False,
) -> list[Point]:
    """Measure ever nearer to the highest rate that holds, in order of measuring.

    Doubles from `start` until a rate is too high, then halves what is open, until that is at most the share
    `tolerance` of the rate, after `tries` points, or when `enough` says so. A rate is too high when it does not hold
    twice: once may be a neighbour's doing. Raises `ValueError` for a `start` that is not positive.
    """
    if not start > 0:
        raise ValueError(f"start must be positive, is {start}")
    low, high, rate, doubted = 0.0, math.inf, start, False
    points: list[Point] = []
    while len(points) < tries and low < (1 - tolerance) * high and not enough():
        points.append(measure(rate))
        held = points[-1].holds(budget_ms)
        doubted = not held and not doubted
        if doubted:
            continue
        low, high = (rate, high) if held else (low, rate)
        rate = 2 * low if math.isinf(high) else (low + high) / 2
    return points


def recommend(curves: Sequence[Curve], budget_ms: float, tolerance: float = 0.1) -> Curve | None:
    """The simplest serving within `tolerance` of the best: the smaller batch first, then the shorter delay.

    None where none holds the budget at any rate measured.
    """
    holding = [curve for curve in curves if curve.capacity(budget_ms) > 0]
    best = max((curve.capacity(budget_ms) for curve in holding), default=0.0)
    near = [curve for curve in holding if curve.capacity(budget_ms) >= (1 - tolerance) * best]
    return min(near, key=lambda curve: (curve.max_batch, curve.delay_us), default=None)
