"""Our embedded index and the libraries it could stand on, as ratios to exact search in one run (ADR 0003).

    python -m tests.bench.bench_index [--all] [--count 200000] [--queries 400] [--folder build/bench-index]

`--all` adds lancedb, sqlite-vec and usearch with other numbers. Each is built in a process of its own, once for a
folder, and weighed there; then all answer the same queries, one at a time on one core, in turns of 50, so that
what else the machine does hits all alike. Where a library has a knob it is turned up until recall@10 reaches 0.99.
"""

from tests.bench import one_thread  # isort: skip # noqa: F401 - has to come before numpy

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.bench.index_build import build_one, open_ours, timed
from tests.bench.index_contenders import CONTENDERS, Contender
from tests.bench.index_data import (
    SHARES,
    Chosen,
    Dataset,
    Rows,
    Vectors,
    choose_adverse,
    choose_random,
    exact,
    make,
    recall,
)
from tests.bench.index_ours import Lookalike

K, BLOCK, GOAL = 10, 50, 0.99
CANDIDATES = (16, 24, 32, 48, 64, 96, 128)
USUAL = ("faiss-cpu", "hnswlib", "usearch f32")
OURS = "lookalike"

Ask = Callable[[Vectors, Chosen | None], Rows]


@dataclass
class Figures:
    """What was measured of one contender under one filter."""

    seconds: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return float(np.mean(self.recalls))

    def line(self, exact_seconds: float) -> str:
        p50, p95 = np.percentile(self.seconds, [50, 95])
        return (
            f"recall {self.recall:.4f}  p50 {p50 * 1e3:7.3f} ms  p95 {p95 * 1e3:7.3f} ms  {exact_seconds / p50:6.1f} x"
        )


def compare(asks: dict[str, Ask], data: Dataset, choose: Callable[[Vectors], Chosen | None]) -> dict[str, Figures]:
    """Everyone's figures; "exact" is numpy's over the rows that pass."""
    figures = {name: Figures() for name in ["exact", *asks]}
    for block in np.array_split(data.queries, max(1, len(data.queries) // BLOCK)):
        chosen = [choose(query) for query in block]
        rows = [None if c is None else np.flatnonzero(c.mask) for c in chosen]
        wanted = []
        for query, among in zip(block, rows, strict=True):
            seconds, nearest = timed(exact, data.vectors, query, K, among)
            figures["exact"].seconds.append(seconds)
            wanted.append(nearest)
        for name, ask in asks.items():
            ask(block[0], chosen[0])  # warm: its pages were pushed out by the one before
            for query, choice, nearest in zip(block, chosen, wanted, strict=True):
                seconds, found = timed(ask, query, choice)
                figures[name].seconds.append(seconds)
                figures[name].recalls.append(recall(found, nearest))
    return figures


def raw(contender: Contender, candidates: int) -> Ask:
    """A library as an `Ask`, its knob at `candidates`."""

    def ask(query: Vectors, chosen: Chosen | None) -> Rows:
        if chosen is None:
            return contender.search(query, K, candidates)
        return contender.search_among(query, K, candidates, chosen.mask)

    return ask


def unfiltered(ours: Lookalike, contenders: dict[str, Contender], data: Dataset) -> dict[str, int]:
    """Print the sweep; each library's least knob that reaches the goal, or the highest."""
    enough: dict[str, int] = {}
    for candidates in CANDIDATES:
        asks = {name: raw(c, candidates) for name, c in contenders.items() if name not in enough}
        if candidates == CANDIDATES[0]:
            asks[OURS] = lambda query, _: ours.search(query, K)
        figures = compare(asks, data, lambda _: None)
        base = float(np.median(figures.pop("exact").seconds))
        for name, of_one in figures.items():
            knob = "" if name == OURS else f"at {candidates}"
            print(f"unfiltered    {name:12} {knob:6} {of_one.line(base)}", flush=True)
            if of_one.recall >= GOAL and name != OURS:
                enough[name] = candidates
    print(f"exact search, numpy: {base * 1e3:.2f} ms")
    return {name: enough.get(name, CANDIDATES[-1]) for name in contenders}


def filtered(ours: Lookalike, contenders: dict[str, Contender], knobs: dict[str, int], data: Dataset) -> None:
    """Print recall and time under filters; the ratio is to comparing with the rows that pass."""
    asks = {name: raw(contender, knobs[name]) for name, contender in contenders.items()}
    asks[OURS] = lambda query, chosen: ours.search(query, K, chosen)
    for share in SHARES:
        kinds: dict[str, Callable[[Vectors], Chosen]] = {
            "random": lambda _, share=share: choose_random(data, share),
            "adverse": lambda query, share=share: choose_adverse(data, query, share),
        }
        for kind, choose in kinds.items():
            figures = compare(asks, data, choose)
            base = float(np.median(figures.pop("exact").seconds))
            for name, of_one in figures.items():
                print(f"{kind:7} {share:<6.1%} {name:12}        {of_one.line(base)}", flush=True)


def build_all(names: Sequence[str], count: int, folder: Path) -> None:
    """Build what is not there yet, each in a process of its own, and print what it took."""
    for name in names:
        note = folder / f"{name.replace(' ', '-')}.json"
        if not note.exists():
            command = [sys.executable, "-m", "tests.bench.bench_index", "--one", name]
            command += ["--count", str(count), "--folder", str(folder)]
            note.write_text(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        figures = json.loads(note.read_text())
        print(f"built         {name:12}", "  ".join(f"{k} {v:.3g}" for k, v in figures.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--one", choices=[OURS, *CONTENDERS], help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--folder", type=Path, default=Path("build/bench-index"))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.one:
        print(json.dumps(build_one(args.one, args.count, args.folder)))
        return
    names = list(CONTENDERS) if args.all else list(USUAL)
    data = make(args.count, args.queries)
    np.save(args.folder / "vectors.npy", data.vectors)
    build_all([*names, OURS], args.count, args.folder)
    print(f"opened        {open_ours(args.folder)}", flush=True)
    contenders = {name: CONTENDERS[name]() for name in names}
    for contender in contenders.values():
        contender.load(args.folder)
    ours = Lookalike()
    ours.open(args.folder / OURS)
    knobs = unfiltered(ours, contenders, data)
    few = Dataset(data.vectors, data.queries[: max(BLOCK, args.queries // 8)], data.labels, data.has)
    filtered(ours, contenders, knobs, few)
    ours.close()


if __name__ == "__main__":
    main()
