"""`python -m inference.bench.sweep`: the batch size and delay that hold the most searches within a latency budget.

Each pair is served by a real Triton on this machine's cores, all at once, and searched in an open loop at rates ever
nearer to the highest that it holds, one point of each pair in turn. The load generator is ours, or NVIDIA's with
`--with perf-analyzer` (inference/bench/perf_analyzer.py says where that ends). The figures compare servings within one
run; they are no other machine's.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import psutil

from inference.bench.capacity import Curve, Point, bisection, in_turns, recommend
from inference.bench.draw import draw
from inference.bench.load import Load, closed_loop, open_loop
from inference.bench.noise import noise
from inference.bench.perf_analyzer import analysed
from inference.bench.prepared import PreparedRequest
from inference.bench.triton import Served, serving
from inference.serving.committed import CPU_MODEL
from inference.serving.repositories import cpu_spec
from inference.serving.spec import Level, ModelSpec
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from tests.rehearsal.servers.triton import TritonMissingError

OURS: Final = "ours"
PERF_ANALYZER: Final = "perf-analyzer"


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds a point, points a pair, the moment (`time.monotonic`) after which none is begun; whose load it is."""

    seconds: float
    tries: int
    until: float
    analyzer: bool = False

    def is_spent(self) -> bool:
        """Whether that moment has passed."""
        return time.monotonic() >= self.until


def main() -> None:
    """Measure each pair, write `sweep.json` and `sweep.svg`, print the recommendation."""
    options = _options()
    committed = cpu_spec(OnnxEmbedder(CPU_MODEL, threads=1).facts, options.cores)
    until = time.monotonic() + options.limit
    effort = Effort(options.seconds, options.tries, until, analyzer=options.load == PERF_ANALYZER)
    busy = os.getloadavg()[0]
    pairs = product(options.batches, options.delays)
    try:
        curves = measure([variant(committed, *pair) for pair in pairs], options.budget_ms, effort)
    except TritonMissingError as missing:
        sys.exit(f"error: {missing}")
    for curve in curves:
        print(_said(curve, options.budget_ms))
    found = report(curves, options.budget_ms, committed)
    found["machine"] = {"cores": options.cores, "load_average": [busy, os.getloadavg()[0]]}
    found["load"] = options.load
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "sweep.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (options.out / "sweep.svg").write_text(draw(curves, options.budget_ms), encoding="utf-8")
    print(found["verdict"])


def variant(spec: ModelSpec, batch: int, delay_us: int) -> ModelSpec:
    """The same serving with another batch size and delay; a queue for shoppers that fills a batch on each instance."""
    shoppers = spec.batching.level_queues[Level.INTERACTIVE]
    room = max(shoppers.size, batch * spec.instance_count)
    queues = {**spec.batching.level_queues, Level.INTERACTIVE: replace(shoppers, size=room)}
    batching = replace(spec.batching, delay_us=delay_us, level_queues=queues)
    return replace(spec, max_batch_size=batch, batching=batching, warm_up=tuple(range(1, batch + 1)))


def measure(specs: Sequence[ModelSpec], budget_ms: float, effort: Effort) -> list[Curve]:
    """Start a server for each and search for its capacity; `effort` bounds it all, but for the point begun."""
    with ExitStack() as stack:
        servings = []
        for spec in specs:
            served = stack.enter_context(serving(spec))
            search = _searching(served, spec)
            # A closed loop finds the order of magnitude in a second; half of that usually holds. A machine too busy
            # to answer any in time is asked for one a second.
            start = closed_loop(4, 20, search).rate / 2 or 1.0
            rates = bisection(budget_ms, start=start, tries=effort.tries)
            theirs = effort.analyzer
            at = analysed(served.grpc, spec.name, effort.seconds) if theirs else _at_rates(search, effort.seconds)
            servings.append((rates, at))
        points = in_turns(servings, effort.is_spent)
    return [
        Curve(spec.max_batch_size, spec.batching.delay_us, found) for spec, found in zip(specs, points, strict=True)
    ]


def _searching(served: Served, spec: ModelSpec) -> PreparedRequest:
    side, _, _ = spec.inputs[0].dims
    return PreparedRequest(served.grpc, spec.name, noise(1, side))


def report(curves: Sequence[Curve], budget_ms: float, committed: ModelSpec) -> dict[str, Any]:
    """Every curve, the recommendation, and whether what is committed is as good, ready for JSON."""
    best, ours = recommend(curves, budget_ms), (committed.max_batch_size, committed.batching.delay_us)
    measured = {(curve.max_batch, curve.delay_us): curve for curve in curves}
    return {
        "budget_ms": budget_ms,
        "model_version": committed.metric_tags["model_version"],
        "curves": [_as_json(curve, budget_ms) for curve in curves],
        "recommendation": best and _as_json(best, budget_ms),
        "committed": {"max_batch": ours[0], "delay_us": ours[1]},
        "agrees": best is not None and ours == (best.max_batch, best.delay_us),
        "verdict": _verdict(best, measured.get(ours), ours, budget_ms),
    }


def _verdict(best: Curve | None, same: Curve | None, ours: tuple[int, int], budget_ms: float) -> str:
    committed = f"batch {ours[0]}, delay {ours[1]} µs, as committed"
    if best is None:
        return f"no serving held {budget_ms:g} ms at any rate; nothing is recommended"
    said = f"recommended: {_said(best, budget_ms)}"
    if same is None:
        return f"{said}; {committed}, was not measured"
    if same is best:
        return f"{said}; it is what is committed"
    return f"{said}; {committed}, held {same.capacity(budget_ms):.0f}"


def _said(curve: Curve, budget_ms: float) -> str:
    held = f"{curve.capacity(budget_ms):.0f} searches a second within {budget_ms:g} ms"
    return f"batch {curve.max_batch}, delay {curve.delay_us} µs: {held} ({len(curve.points)} points)"


def _at_rates(search: PreparedRequest, seconds: float) -> Callable[[float], Point]:
    return lambda rate: _point(rate, open_loop(rate, seconds, search.begin))


def _point(offered: float, load: Load) -> Point:
    served = load.of(None)
    lost = load.lost / len(load.answers) if load.answers else 1.0
    return Point(offered, load.rate, served.milliseconds(50), served.milliseconds(99), lost)


def _as_json(curve: Curve, budget_ms: float) -> dict[str, Any]:
    points = [
        {name: None if math.isnan(value) else round(value, 3) for name, value in asdict(point).items()}
        for point in sorted(curve.points, key=lambda point: point.offered)
    ]
    capacity = round(curve.capacity(budget_ms), 3)
    return {"max_batch": curve.max_batch, "delay_us": curve.delay_us, "capacity": capacity, "points": points}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference.bench.sweep", description=__doc__)
    parser.add_argument("--budget-ms", type=_positive, default=95.0, help="p99 of a search at the model (default 95)")
    parser.add_argument("--batches", type=_sizes, default=(1, 2, 4, 8), help="largest batches, e.g. 1,2,4,8")
    parser.add_argument("--delays", type=_delays, default=(0, 500, 2000), help="queue delays in µs, e.g. 0,500,2000")
    parser.add_argument("--seconds", type=_positive, default=4.0, help="of load a point (default 4)")
    parser.add_argument("--tries", type=_count, default=8, help="points a pair, at most (default 8)")
    parser.add_argument("--limit", type=_positive, default=600.0, help="seconds after which no point is begun")
    parser.add_argument("--with", dest="load", choices=[OURS, PERF_ANALYZER], default=OURS, help="whose load it is")
    parser.add_argument("--cores", type=_count, default=psutil.cpu_count() or 1, help="model instances, one a core")
    parser.add_argument("--out", type=Path, default=Path("build/sweep"), help="folder of sweep.json and sweep.svg")
    return parser.parse_args()


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be positive, is {text}")
    return value


def _count(text: str) -> int:
    (value,) = _whole(text, least=1)
    return value


def _sizes(text: str) -> tuple[int, ...]:
    return _whole(text, least=1)


def _delays(text: str) -> tuple[int, ...]:
    return _whole(text, least=0)


def _whole(text: str, least: int) -> tuple[int, ...]:
    values = tuple(sorted({int(part) for part in text.split(",")}))
    if values[0] < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, is {values[0]}")
    return values


if __name__ == "__main__":
    main()
