"""Medians of repeated measurements, and whether the answers were right."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inference.bench.gpu.way import Arithmetic, Floats, Loaded

Clock = Callable[[], float]
"""Seconds since some moment, as `time.perf_counter` has it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Batches run before anything is timed; batches timed together; how often, of which the median counts."""

    warm_up: int = 20
    runs: int = 50
    repeats: int = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One way and arithmetic at one batch size.

    `milliseconds` a batch on the GPU: the median, `least` and `most` of the repeats. `latency_ms` with the photos' way
    to it and the embeddings' way back, `cosine` the mean to FP32's embeddings on the CPU.
    """

    way: str
    arithmetic: Arithmetic
    batch: int
    milliseconds: float
    least: float
    most: float
    latency_ms: float
    cosine: float

    @property
    def rate(self) -> float:
        """Photos a second."""
        return 1000 * self.batch / self.milliseconds


def measure(way: str, arithmetic: Arithmetic, loaded: Loaded, expected: Floats, effort: Effort) -> Row:
    """Time what is loaded and hold its answer beside the `expected` embeddings, of unit length, of the same photos."""
    cosine = agreement(loaded.answer(), expected)
    loaded.milliseconds(effort.warm_up)
    each = [loaded.milliseconds(effort.runs) / effort.runs for _ in range(effort.repeats)]
    waits = loaded.latencies(effort.repeats)
    middle, latency = statistics.median(each), statistics.median(waits)
    return Row(way, arithmetic, len(expected), middle, min(each), max(each), latency, cosine)


def agreement(answer: Floats, expected: Floats) -> float:
    """Mean cosine of embeddings to those `expected`; -1 where they are none: of another shape, not of unit length."""
    if answer.shape != expected.shape or not np.allclose(np.linalg.norm(answer, axis=1), 1, atol=1e-3):
        return -1.0
    return float(np.einsum("nd,nd->n", answer, expected, dtype=np.float64).mean())


def timed(call: Callable[[], object], times: int, clock: Clock) -> list[float]:
    """Milliseconds that each of `times` calls takes."""
    moments = [clock()]
    for _ in range(times):
        call()
        moments.append(clock())
    return [1000 * (after - before) for before, after in pairwise(moments)]
