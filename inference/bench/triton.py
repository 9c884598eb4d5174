"""`python -m inference.bench.triton`: the model behind Triton beside the same model in process.

Each figure a ratio within this run; everything runs on this machine's cores, the load generator too.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from inference.bench.in_process import open_session
from inference.bench.load import Load, closed_loop, open_loop
from inference.serving.assemble import assemble_cpu
from inference.serving.committed import CPU_MODEL
from inference.serving.repositories import cpu_spec
from inference.serving.spec import ModelSpec
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.errors import OverloadedError
from lookalike.ports.embedder import Pixels, Priority
from tests.rehearsal.servers.triton import triton_server

_PHOTOS = 128
_BATCHES = (1, 2, 4, 8, 16)
_CLIENTS = 64
_IMPORTERS = 2
_BESIDE_SECONDS = 15.0
_CROWDS = 100
_FORGOTTEN = 0.3
"""Seconds; Triton looks for a free instance every half second even where it missed that one became free."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model on a server of its own."""

    embedder: TritonEmbedder
    process: psutil.Process
    grpc: str
    """host:port"""

    def family(self) -> list[psutil.Process]:
        """The server, and the processes of its model's instances."""
        return [self.process, *self.process.children(recursive=True)]

    def processor_seconds(self) -> float:
        """Processor time of server and model so far."""
        return sum(map(_spent, self.family()))

    def memory_mb(self) -> float:
        """Resident memory of server and model in megabytes; what they share counts in each."""
        return float(sum(process.memory_info().rss for process in self.family())) / 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds a run took: by the clock, and of processor time in the server and in this process."""

    wall: float
    server: float
    here: float


def main() -> None:
    """Measure, print a table, end with one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m inference.bench.triton", description=__doc__)
    parser.add_argument("--cores", type=int, default=psutil.cpu_count() or 1, help="model instances, one a core")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median counts")
    options = parser.parse_args()
    facts = OnnxEmbedder(CPU_MODEL, threads=1).facts
    spec = cpu_spec(facts, options.cores)
    single = replace(spec, max_batch_size=1, warm_up=(1,))
    size = (_PHOTOS, facts.input_size, facts.input_size, 3)
    photos = list(np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8))
    figures: dict[str, float] = {}
    with serving(spec) as batching, serving(single) as alone:
        figures |= beside_in_process(batching, photos, options.cores, options.rounds)
        figures |= beside_batch_of_one(batching, alone, photos, options.rounds)
        figures |= beside_bulk(batching, photos)
        figures |= overloaded(batching, photos)
        figures |= in_crowds(batching, photos)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


@contextmanager
def serving(spec: ModelSpec) -> Iterator[Served]:
    """A Triton server of the shipped model so configured."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(triton_server(assemble_cpu(CPU_MODEL, folder / "repository", spec)))
        client = stack.enter_context(open_client(server.grpc))
        yield Served(TritonEmbedder(client), psutil.Process(server.pid), server.grpc)


def beside_in_process(served: Served, photos: list[Pixels], cores: int, rounds: int) -> dict[str, float]:
    """Throughput of bulk work beside bare ONNX Runtime: by the clock, and by what a photo costs in processor time.

    Where other work wants the same cores the clock says little and processor time much.
    """
    ways = [(batch, *split) for batch in _BATCHES for split in ((1, cores), (cores, 1))]
    bare = {way: _bare(photos, *way) for way in ways}
    best = max(bare, key=lambda way: max(_rate(bare[way]) for _ in range(2)))
    walls, servers, wholes, rates = [], [], [], []
    for _ in range(rounds):
        inside = _measure(bare[best], served)
        through = _measure(lambda: served.embedder.embed_many(photos, Priority.BULK), served)
        walls.append(inside.wall / through.wall)
        servers.append(inside.here / through.server)
        wholes.append(inside.here / (through.server + through.here))
        rates.append(_PHOTOS / through.wall)
    print("in process, best: batches of {}, {} at once on {} threads each".format(*best))
    print(f"Triton / in process: throughput {_spread(walls)}   (goal 0.95)")
    print(f"  by processor time: server {_spread(servers)}, server and client {_spread(wholes)}")
    return {
        "photos_per_second": statistics.median(rates),
        "triton_to_in_process": statistics.median(walls),
        "triton_to_in_process_by_processor_time_server": statistics.median(servers),
        "triton_to_in_process_by_processor_time": statistics.median(wholes),
    }


def beside_batch_of_one(batching: Served, alone: Served, photos: list[Pixels], rounds: int) -> dict[str, float]:
    """64 clients with one photo each, with dynamic batching and without."""
    ratios = []
    for _ in range(rounds):
        rates = [
            closed_loop(_CLIENTS, 4, lambda served=served: served.embedder.embed_many(photos[:1], Priority.BULK)).rate  # type: ignore[misc]
            for served in (batching, alone)
        ]
        ratios.append(rates[0] / rates[1])
    print(f"dynamic batching / batch of one, {_CLIENTS} clients: {_spread(ratios)}   (goal 1.3, INT8 on two cores)")
    return {"dynamic_batching": statistics.median(ratios)}


def beside_bulk(served: Served, photos: list[Pixels]) -> dict[str, float]:
    """Searches at a quarter of what the server can do, alone and while imports fill it."""

    def search() -> None:
        served.embedder.embed_many(photos[:1], Priority.INTERACTIVE)

    rate = closed_loop(6, 40, search).rate / 4
    alone = open_loop(rate, _BESIDE_SECONDS, search)
    with _imports(served, photos):
        beside = open_loop(rate, _BESIDE_SECONDS, search)
    lost = len(beside.answers) - len(beside.of(None).answers)
    print(f"searches, {rate:.0f} a second: {_times(alone.of(None))}")
    print(f"  beside imports: {_times(beside.of(None))} (goal 1.5 x); not served {lost}")
    return {
        "beside_bulk_p99_to_alone": beside.of(None).milliseconds(99) / alone.of(None).milliseconds(99),
        "beside_bulk_p50_to_alone": beside.of(None).milliseconds(50) / alone.of(None).milliseconds(50),
        "beside_bulk_not_served": lost,
    }


@contextmanager
def _imports(served: Served, photos: list[Pixels]) -> Iterator[None]:
    """Bulk work without end, more at once than there are instances, so that its queue is never empty."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            served.embedder.embed_many(photos, Priority.BULK)

    with ThreadPoolExecutor(_IMPORTERS) as threads:
        importers = [threads.submit(work) for _ in range(_IMPORTERS)]
        try:
            time.sleep(1)  # the queue fills
            yield
        finally:
            ended.set()
        for importer in importers:
            importer.result()  # an import that failed would have left the server idle


def overloaded(served: Served, photos: list[Pixels]) -> dict[str, float]:
    """Searches at half of and at four times what the server can do."""

    def search() -> None:
        served.embedder.embed_many(photos[:1], Priority.INTERACTIVE)

    capacity = closed_loop(6, 40, search).rate
    before, memory = set(served.family()), served.memory_mb()
    calm = open_loop(capacity / 2, 8, search).of(None)
    storm = open_loop(capacity * 4, 8, search)
    kept, refused = storm.of(None), storm.of(OverloadedError)
    other = len(storm.answers) - len(kept.answers) - len(refused.answers)
    print(f"searches: capacity {capacity:.0f} a second; at half of it {_times(calm)}")
    same, growth = set(served.family()) == before, served.memory_mb() / memory
    print(f"  at four times: {_times(kept)} (goal 2 x); refused {_times(refused)} (goal 50 ms); otherwise {other}")
    print(f"  memory afterwards {growth:.3f} of before (goal: flat); {'the same' if same else 'other'} processes")
    return {
        "overload_p99_to_calm": kept.milliseconds(99) / calm.milliseconds(99),
        "overload_p50_to_calm": kept.milliseconds(50) / calm.milliseconds(50),
        "overload_served_to_capacity": kept.rate / capacity,
        "refused_ms_p50": refused.milliseconds(50),
        "refused_ms_p99": refused.milliseconds(99),
        "neither_served_nor_refused": other,
        "memory_after_overload_to_before": growth,
        "same_processes_after_overload": same,
    }


def in_crowds(served: Served, photos: list[Pixels]) -> dict[str, float]:
    """Three to six searches at an idle server, one of them first: whether all are served as instances become free."""

    def search(number: int) -> float:
        time.sleep(0.004 * min(number, 1))  # the others come when the first is under way and nothing is queued
        started = time.perf_counter()
        served.embedder.embed_many(photos[:1], Priority.BULK)
        return time.perf_counter() - started

    slowest = []
    with ThreadPoolExecutor(6) as threads:
        for crowd in range(_CROWDS):
            slowest.append(max(threads.map(search, range(3 + crowd % 4))))
            time.sleep(0.05)  # idle again
    forgotten = sum(seconds > _FORGOTTEN for seconds in slowest)
    print(f"crowds of 3 to 6 at an idle server: {forgotten} of {_CROWDS} had a search that Triton forgot   (goal 0)")
    return {"crowds_with_a_forgotten_search": forgotten, "crowds": _CROWDS}


def _bare(photos: list[Pixels], batch: int, sessions: int, threads: int) -> Callable[[], None]:
    """ONNX Runtime alone, photos stacked beforehand: `sessions` side by side, each on `threads` threads."""
    session = open_session(CPU_MODEL, threads)
    ready = [np.stack(photos[start : start + batch]) for start in range(0, len(photos), batch)]

    def run() -> None:
        with ThreadPoolExecutor(sessions) as side_by_side:
            list(side_by_side.map(lambda each: session.run(None, {"PHOTO": each}), ready))

    return run


def _rate(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return 1 / (time.perf_counter() - started)


def _measure(run: Callable[[], object], served: Served) -> Cost:
    started, server, here = time.perf_counter(), served.processor_seconds(), _spent(psutil.Process())
    run()
    return Cost(time.perf_counter() - started, served.processor_seconds() - server, _spent(psutil.Process()) - here)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _times(load: Load) -> str:
    return f"{len(load.answers)}, p50 {load.milliseconds(50):.0f} ms, p99 {load.milliseconds(99):.0f} ms"


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


if __name__ == "__main__":
    main()
