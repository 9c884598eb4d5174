"""The model in process, in a process of its own: its threads do not count as the load generator's."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import numpy as np
import psutil

from inference.bench.in_process import Run, by_openvino
from inference.bench.noise import noise
from inference.serving.committed import CPU_MODEL

_BATCHES: Final = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Way:
    """Batches of `batch`, `calls` at once on `threads` threads each."""

    batch: int
    calls: int
    threads: int


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of processor time."""

    wall: float
    processor: float


class Bare:
    """OpenVINO alone, with no server around it."""

    def __init__(self, process: ProcessPoolExecutor, count: int, side: int) -> None:
        self._process = process
        self._photos = (count, side)

    def best(self, cores: int) -> Way:
        """The quickest way to use so many cores, of two runs each."""
        ways = [Way(batch, *split) for batch, split in product(_BATCHES, ((1, cores), (cores, 1)))]
        return min(ways, key=lambda way: min(self.run(way).wall for _ in range(2)))

    def run(self, way: Way) -> Spent:
        """All photos once."""
        return self._process.submit(_run, way, *self._photos).result()


@contextmanager
def bare(count: int, side: int) -> Iterator[Bare]:
    """A process that holds the served model, and as many photos, for the length of the block."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield Bare(process, count, side)


def _run(way: Way, count: int, side: int) -> Spent:
    embed, photos, myself = _open(way.calls, way.threads), noise(count, side), psutil.Process()
    ready = [np.stack(photos[start : start + way.batch]) for start in range(0, len(photos), way.batch)]
    with ThreadPoolExecutor(way.calls) as side_by_side:
        started, spent = time.perf_counter(), processor_seconds(myself)
        list(side_by_side.map(embed, ready))
        return Spent(time.perf_counter() - started, processor_seconds(myself) - spent)


@cache
def _open(calls: int, threads: int) -> Run:
    return by_openvino(CPU_MODEL, threads, calls)


def processor_seconds(process: psutil.Process) -> float:
    """What a process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
