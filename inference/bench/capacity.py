"""How much load a server holds within a latency budget, and which of several servings to prefer.

Nothing here knows what is measured; whoever calls brings `measure`.
"""

import math
from collections.abc import Callable, Generator, Sequence
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


def bisection(
    budget_ms: float, *, start: float, tries: int = 8, tolerance: float = 0.1
) -> Generator[float, Point, None]:
    """Rates to measure, ever nearer to the highest that holds; send each one's point to get the next.

    Doubles from `start` until a rate is too high, then halves what is open, until that is at most the share
    `tolerance` of the rate, or after `tries` points. A rate is too high when it does not hold twice: once may be a
    neighbour's doing. Raises `ValueError` for `start` or `tries` that are not positive.
    """
    if not (start > 0 and tries > 0):
        raise ValueError(f"start and tries must be positive, are {start} and {tries}")
    low, high, rate, doubted = 0.0, math.inf, start, False
    for _ in range(tries):
        if low >= (1 - tolerance) * high:
            return
        held = (yield rate).holds(budget_ms)
        doubted = not held and not doubted
        if doubted:
            continue
        low, high = (rate, high) if held else (low, rate)
        rate = 2 * low if math.isinf(high) else (low + high) / 2


def in_turns(
    servings: Sequence[tuple[Generator[float, Point, None], Callable[[float], Point]]], enough: Callable[[], bool]
) -> list[list[Point]]:
    """The points of each bisection by its own measure, in order of measuring, until all end or `enough` says so.

    One point of each at a time, so that what else the machine does falls on all alike.
    """
    found: list[list[Point]] = [[] for _ in servings]
    rates = {number: next(search) for number, (search, _) in enumerate(servings)}
    while rates:
        for number, rate in list(rates.items()):
            if enough():
                return found
            search, measure = servings[number]
            found[number].append(measure(rate))
            try:
                rates[number] = search.send(found[number][-1])
            except StopIteration:
                del rates[number]
    return found


def recommend(curves: Sequence[Curve], budget_ms: float, tolerance: float = 0.1) -> Curve | None:
    """The simplest serving within `tolerance` of the best: the smaller batch first, then the shorter delay.

    None where none holds the budget at any rate measured.
    """
    holding = [curve for curve in curves if curve.capacity(budget_ms) > 0]
    best = max((curve.capacity(budget_ms) for curve in holding), default=0.0)
    near = [curve for curve in holding if curve.capacity(budget_ms) >= (1 - tolerance) * best]
    return min(near, key=lambda curve: (curve.max_batch, curve.delay_us), default=None)
