"""NVIDIA's Perf Analyzer as the sweep's load, an open loop in C++: a second opinion of ours.

`perf-analyzer` on PyPI is a placeholder (0.1.0, "hello"), but the program is in `tritonclient`'s wheels for Linux on
x86-64 (2.41 to 2.54; no longer in 2.73), and the two libraries that it misses are in `nvidia-pytriton`'s. `make sweep`
installs it and sweeps.

It ends at the first request that is refused. Ours goes on and counts: a server that refuses what is beyond its
capacity, as this one does, can be measured there by ours alone.
"""

import csv
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from inference.bench.capacity import Point
from inference.serving.spec import Level
from tests.rehearsal.servers.triton import WHEEL, TritonMissingError

PROGRAM: Final = WHEEL.parent / "perf-analyzer" / "bin" / "perf_analyzer"
_LIBRARIES: Final = {"libb64.so.0d": "libb64-*.so.0d", "libcudart.so.12": "libcudart-*.so.12.*"}
_REFUSED: Final = "Exceeds maximum queue size"


def analysed(grpc: str, model: str, seconds: float, program: Path = PROGRAM) -> Callable[[float], Point]:
    """What comes of searches at a rate a second, for `seconds`, at the server at `grpc` (host:port).

    A point at which one request was refused counts as one that served nothing. Raises `TritonMissingError` without
    the program, `RuntimeError` where it fails.
    """
    if not program.exists():
        raise TritonMissingError("Perf Analyzer is not installed: run `make sweep`")

    def point(rate: float) -> Point:
        with TemporaryDirectory() as folder:
            report = Path(folder) / "report.csv"
            command = [str(program), *_arguments(grpc, model, rate, seconds), "-f", str(report)]
            done = subprocess.run(command, env=_environment(Path(folder)), capture_output=True, text=True, check=False)  # noqa: S603 (a list, no shell)
            if done.returncode == 0:
                return read_point(rate, report.read_text(encoding="utf-8"))
        if _REFUSED in done.stdout + done.stderr:
            return Point(rate, 0.0, float("nan"), float("nan"), 1.0)
        raise RuntimeError(f"perf_analyzer ended with status {done.returncode}: {(done.stdout + done.stderr)[-500:]}")

    return point


def read_point(rate: float, report: str) -> Point:
    """The one row of its CSV report, whose latencies are in microseconds."""
    row: Mapping[str, str] = next(iter(csv.DictReader(report.splitlines())))
    p50, p99 = (float(row[f"p{percentile} latency"]) / 1000 for percentile in (50, 99))
    return Point(rate, float(row["Inferences/Second"]), p50, p99, 0.0)


def _arguments(grpc: str, model: str, rate: float, seconds: float) -> list[str]:
    searches = ["--request-rate-range", f"{rate:.3f}", "--request-count", str(max(1, round(rate * seconds)))]
    server = ["-m", model, "-i", "grpc", "-u", grpc, "--async", "--max-threads=2", "--percentile=99"]
    return [*server, *searches, "--request-parameter", f"priority:{Level.INTERACTIVE.value}:uint"]


def _environment(folder: Path) -> dict[str, str]:
    """The libraries under the names that the program looks for."""
    for name, pattern in _LIBRARIES.items():
        for found in (WHEEL / "nvidia_pytriton.libs").glob(pattern):
            (folder / name).symlink_to(found)
    return {**os.environ, "LD_LIBRARY_PATH": str(folder)}
