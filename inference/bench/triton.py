"""`python -m inference.bench.triton`: the model behind Triton beside the same model in process.

Each figure a ratio within this run; everything runs on this machine's cores, the load generator too.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from inference.bench.bare import bare, processor_seconds
from inference.bench.imports import imports
from inference.bench.load import Load, closed_loop, open_loop
from inference.bench.noise import noise
from inference.bench.prepared import PreparedRequest
from inference.bench.region import region
from inference.serving.assemble import assemble_cpu
from inference.serving.committed import CPU_MODEL
from inference.serving.repositories import BULK, NAME, cpu_spec, with_imports_aside
from inference.serving.spec import Level, ModelSpec
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.errors import OverloadedError
from lookalike.ports.embedder import Pixels, Priority
from tests.rehearsal.servers.triton import ALLOCATOR, triton_server

_PHOTOS = 1024
_AT_ONCE = 4
_CLIENTS = 64
_SECONDS = 10.0
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
        return sum(map(processor_seconds, self.family()))

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
    os.environ |= ALLOCATOR  # the model in process is a child of this one, and shall have no worse
    facts = OnnxEmbedder(CPU_MODEL, threads=1).facts
    spec = cpu_spec(facts, options.cores)
    searches, imported = with_imports_aside(spec)
    single = replace(spec, max_batch_size=1, warm_up=(1,))
    photos = noise(imported.max_batch_size, facts.input_size)
    figures: dict[str, float] = {}
    with serving(searches, imported) as batching, serving(single) as alone:
        figures |= beside_in_process(batching, photos, options.cores, options.rounds)
        figures |= beside_batch_of_one(batching, alone, photos[0], options.rounds)
        figures |= beside_bulk(batching, photos[0], options.rounds)
        figures |= overloaded(batching, PreparedRequest(batching.grpc, NAME, photos[:1]), options.rounds, "")
        with region(batching.grpc, photos[:1]) as shared:
            search = PreparedRequest(batching.grpc, NAME, photos[:1], region=shared)
            figures |= overloaded(batching, search, options.rounds, "_photos_shared")
        figures |= in_crowds(batching, photos)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


@contextmanager
def serving(*specs: ModelSpec) -> Iterator[Served]:
    """A Triton server of the shipped model so configured."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(triton_server(assemble_cpu(CPU_MODEL, folder / "repository", *specs)))
        client = stack.enter_context(open_client(server.grpc))
        yield Served(TritonEmbedder(client), psutil.Process(server.pid), server.grpc)


def beside_in_process(served: Served, batch: list[Pixels], cores: int, rounds: int) -> dict[str, float]:
    """Throughput of imports, a whole batch a request, beside bare OpenVINO: by the clock, and by processor time.

    Where other work wants the same cores the clock says little and processor time much.
    """
    walls, servers, wholes, rates = [], [], [], []
    request = PreparedRequest(served.grpc, NAME + BULK, batch, Level.BULK)
    with bare(_PHOTOS, len(batch[0])) as alone:
        best = alone.best(cores)
        for _ in range(rounds):
            inside = alone.run(best)
            through = _imported(served, request, _PHOTOS // len(batch))
            walls.append(inside.wall / through.wall)
            servers.append(inside.processor / through.server)
            wholes.append(inside.processor / (through.server + through.here))
            rates.append(_PHOTOS / through.wall)
    print(f"in process, best: {best}")
    print(f"Triton / in process: throughput {_spread(walls)}   (goal 0.95)")
    print(f"  by processor time: server {_spread(servers)}, server and client {_spread(wholes)}")
    return {
        "photos_per_second": statistics.median(rates),
        "triton_to_in_process": statistics.median(walls),
        "triton_to_in_process_by_processor_time_server": statistics.median(servers),
        "triton_to_in_process_by_processor_time": statistics.median(wholes),
    }


def _imported(served: Served, request: PreparedRequest, times: int) -> Cost:
    """What it costs to send the request so many times, four at once as our own client does."""
    started, server, here = time.perf_counter(), served.processor_seconds(), processor_seconds(psutil.Process())
    load = closed_loop(_AT_ONCE, times // _AT_ONCE, request)
    if load.lost:
        raise RuntimeError("an import was refused")
    return Cost(
        time.perf_counter() - started,
        served.processor_seconds() - server,
        processor_seconds(psutil.Process()) - here,
    )


def beside_batch_of_one(batching: Served, alone: Served, photo: Pixels, rounds: int) -> dict[str, float]:
    """64 clients with one photo each, with dynamic batching and without."""
    searches = (
        PreparedRequest(batching.grpc, NAME + BULK, [photo], Level.BULK),
        PreparedRequest(alone.grpc, NAME, [photo], Level.BULK),
    )
    ratios = []
    for _ in range(rounds):
        batched, single = (closed_loop(_CLIENTS, 8, search).rate for search in searches)
        ratios.append(batched / single)
    print(f"dynamic batching / batch of one, {_CLIENTS} clients: {_spread(ratios)}   (goal 1.3, INT8 on two cores)")
    return {"dynamic_batching": statistics.median(ratios)}


def beside_bulk(served: Served, photo: Pixels, rounds: int) -> dict[str, float]:
    """Searches at a quarter of what the server can do, alone and while imports fill it."""
    search = PreparedRequest(served.grpc, NAME, [photo])
    rate = closed_loop(6, 120, search).rate / 4
    pairs = []
    for _ in range(rounds):
        alone = open_loop(rate, _SECONDS, search.begin)
        with imports(served.grpc, len(photo)):
            pairs.append((alone, open_loop(rate, _SECONDS, search.begin)))
    tails, middles = ([_slower(*pair, percentile) for pair in pairs] for percentile in (99, 50))
    lost = sum(load.lost for _, load in pairs)
    print(f"searches, {rate:.0f} a second: {_times(pairs[-1][0])}; beside imports: {_times(pairs[-1][1])}")
    print(f"  p99 beside imports / alone: {_spread(tails)}   (goal 1.5); p50 {_spread(middles)}; not served {lost}")
    return {
        "beside_bulk_p99_to_alone": statistics.median(tails),
        "beside_bulk_p50_to_alone": statistics.median(middles),
        "beside_bulk_not_served": lost,
    }


def overloaded(served: Served, search: PreparedRequest, rounds: int, how: str) -> dict[str, float]:
    """Searches at half of and at four times what the server can do; `how` ends the names of the figures."""
    capacity = closed_loop(6, 120, search).rate
    before, memory = set(served.family()), served.memory_mb()
    pairs = [
        (open_loop(capacity / 2, _SECONDS, search.begin), open_loop(capacity * 4, _SECONDS, search.begin))
        for _ in range(rounds)
    ]
    same, growth = set(served.family()) == before, served.memory_mb() / memory
    storms = [storm for _, storm in pairs]
    tails = [_slower(*pair, 99) for pair in pairs]
    refusals = [storm.of(OverloadedError).milliseconds(99) for storm in storms]
    other = sum(storm.lost - len(storm.of(OverloadedError).answers) for storm in storms)
    early = sum(calm.lost for calm, _ in pairs) / sum(len(calm.answers) for calm, _ in pairs)
    print(f"searches{how}: capacity {capacity:.0f} a second; at half of it {_times(pairs[-1][0])}; refused {early:.1%}")
    print(f"  at four times {_times(storms[-1])}; p99 / that at half load: {_spread(tails)}   (goal 2)")
    print(f"  refused in, p99: {_spread(refusals)} ms   (goal 50); neither served nor refused {other}")
    print(f"  memory afterwards {growth:.3f} of before (goal: flat); {'the same' if same else 'other'} processes")
    found = {
        "refused_at_half_load": early,
        "overload_p99_to_calm": statistics.median(tails),
        "overload_served_to_capacity": statistics.median(storm.rate for storm in storms) / capacity,
        "refused_ms_p50": statistics.median(storm.of(OverloadedError).milliseconds(50) for storm in storms),
        "refused_ms_p99": statistics.median(refusals),
        "neither_served_nor_refused": other,
        "memory_after_overload_to_before": growth,
        "same_processes_after_overload": same,
    }
    return {name + how: value for name, value in found.items()}


def _slower(usual: Load, unusual: Load, percentile: float) -> float:
    """How many times as long those served took."""
    return unusual.of(None).milliseconds(percentile) / usual.of(None).milliseconds(percentile)


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


def _times(load: Load) -> str:
    served = load.of(None)
    return f"{len(served.answers)} served, p50 {served.milliseconds(50):.0f} ms, p99 {served.milliseconds(99):.0f} ms"


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


if __name__ == "__main__":
    main()
