"""Building, weighing and changing one index in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import psutil

from tests.bench.index_contenders import CONTENDERS
from tests.bench.index_data import DIMENSIONS, Vectors, make
from tests.bench.index_ours import Lookalike

P, R = ParamSpec("P"), TypeVar("R")
CHANGES = 200
_OPEN = """
import sys, time
import numpy as np, psutil
from pathlib import Path
from tests.bench.index_ours import Lookalike
def own_memory():
    info = psutil.Process().memory_info()
    return info.rss - getattr(info, "shared", 0)  # where it is told, without mapped files, which can be evicted
vectors = np.load(Path(sys.argv[1]) / "vectors.npy", mmap_mode="r")
queries = [np.array(vector) for vector in vectors[:: max(1, len(vectors) // 200)]]
before, start = own_memory(), time.perf_counter()
ours = Lookalike()
ours.open(Path(sys.argv[1]) / "lookalike")
ours.search(queries[0], 10)
seconds = time.perf_counter() - start
for query in queries:
    ours.search(query, 10)
print(len(vectors), seconds, (own_memory() - before) / 2**20)
"""


def timed(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[float, R]:
    """Seconds that `call` took, and what it returned."""
    start = time.perf_counter()
    returned = call(*args, **kwargs)
    return time.perf_counter() - start, returned


def build_one(name: str, count: int, folder: Path) -> dict[str, float]:
    """Build, weigh, save, then change an index; what is saved is what it was before the changes.

    Seconds to build and save, MiB of memory taken, milliseconds for adding and for deleting one.
    """
    extra = np.random.default_rng(9).standard_normal((CHANGES, DIMENSIONS)).astype(np.float32)
    extra /= np.linalg.norm(extra, axis=1, keepdims=True)
    return _build_ours(count, folder, extra) if name == "lookalike" else _build_raw(name, folder, extra)


def _build_raw(name: str, folder: Path, extra: Vectors) -> dict[str, float]:
    vectors = np.load(folder / "vectors.npy")
    before = psutil.Process().memory_info().rss
    contender = CONTENDERS[name]()
    figures = {"build_s": timed(contender.build, vectors)[0]}
    figures["memory_mib"] = (psutil.Process().memory_info().rss - before) / 2**20
    figures["save_s"] = timed(contender.save, folder)[0]
    if name == "lancedb":  # what it built was moved away by saving
        contender.load(folder)
    start = len(vectors)
    figures["add_ms"] = sum(timed(contender.add, v[None], start + i)[0] for i, v in enumerate(extra)) / CHANGES * 1e3
    try:
        figures["delete_ms"] = (
            sum(timed(contender.delete, np.array([row]))[0] for row in range(CHANGES)) / CHANGES * 1e3
        )
    except NotImplementedError:
        figures["delete_ms"] = float("nan")
    return figures


def _build_ours(count: int, folder: Path, extra: Vectors) -> dict[str, float]:
    data = make(count, 0)
    ours = Lookalike()
    figures = {"build_s": timed(ours.build, data, folder / "lookalike")[0]}
    figures["add_ms"] = sum(timed(ours.add, vector, count + i)[0] for i, vector in enumerate(extra)) / CHANGES * 1e3
    figures["delete_ms"] = sum(timed(ours.delete, count + i)[0] for i in range(CHANGES)) / CHANGES * 1e3
    figures["close_s"] = timed(ours.close)[0]
    files = [path for path in (folder / "lookalike").rglob("*") if path.is_file()]
    figures["disk_mib"] = sum(path.stat().st_size for path in files) / 2**20
    return figures


def open_ours(folder: Path) -> str:
    """How long a new process takes to open what was built, and how much memory it then holds: medians of 5."""
    command = [sys.executable, "-c", _OPEN, str(folder)]
    runs = [subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split() for _ in range(5)]
    count, seconds, mib = np.median(np.array(runs, float), axis=0)
    return f"{count:,.0f} photos in {seconds:.2f} s, first search included; {mib:.0f} MiB, mapped vectors aside"
