"""The served model by several runtimes, in turns, on processors: `python -m inference.bench.runtimes`.

FP32 and INT8, by ONNX Runtime and by OpenVINO, each on the same number of threads and at its best batch. What answers
otherwise than ONNX Runtime's FP32 does not count.
"""

import argparse
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.bench.in_process import Run, by_onnx_runtime, by_openvino
from inference.compile.graph import to_bytes
from inference.compile.restore import read_fp32
from inference.serving.committed import CPU_MODEL, MODEL
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.imaging.prepare import prepare
from lookalike.sample import draw_catalogue

_BATCHES: Final = (1, 2, 4, 8, 16)
_COLD: Final = 4
_COUNTED: Final = 8
_ENOUGH: Final = 0.99


def main() -> None:
    """Print one line a runtime and precision: photos a second at its best batch, and the ratio to the first."""
    options = _options()
    with TemporaryDirectory() as folder:
        files = _files(Path(folder))
        side = OnnxEmbedder(files["FP32"], threads=1).facts.input_size
        runs = _contenders(files, options.threads)
    photos = np.stack([prepare(garment.photo(), side).pixels for garment in draw_catalogue(max(_BATCHES), seed=3)])
    truth = next(iter(runs.values()))(photos)
    speeds = race(runs, photos, options.rounds)
    best = {name: max(by_batch.values()) for name, by_batch in speeds.items()}
    for name, by_batch in speeds.items():
        cosine = float((runs[name](photos) * truth).sum(axis=1).mean())
        counts = "" if cosine >= _ENOUGH else "  (does not count)"
        told = ", ".join(f"{batch}: {speed:.1f}" for batch, speed in by_batch.items())
        ratio = best[name] / next(iter(best.values()))
        print(f"{name:18} best {best[name]:6.1f} photos/s  {ratio:.2f} x  cosine {cosine:.4f}{counts}  [{told}]")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference.bench.runtimes", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=6)
    return parser.parse_args()


def _files(folder: Path) -> dict[str, Path]:
    whole = folder / "fp32.onnx"
    whole.write_bytes(to_bytes(read_fp32(MODEL)))
    return {"FP32": whole, "INT8": CPU_MODEL}


def _contenders(files: dict[str, Path], threads: int) -> dict[str, Run]:
    ways = {"ONNX Runtime": by_onnx_runtime, "OpenVINO": by_openvino}
    return {f"{way} {name}": run(file, threads) for way, run in ways.items() for name, file in files.items()}


def race(runs: dict[str, Run], photos: NDArray[np.uint8], rounds: int) -> dict[str, dict[int, float]]:
    """Photos a second by batch, each the median of what counts in `rounds`, the contenders taking turns.

    A turn is several calls, as a server gets them, of which the first find the caches as the one before left them.
    """
    took: dict[str, dict[int, list[float]]] = {name: {batch: [] for batch in _BATCHES} for name in runs}
    for _, (name, run), batch in product(range(rounds), runs.items(), _BATCHES):
        times = [_timed(run, photos[:batch]) for _ in range(_COLD + _COUNTED)]
        took[name][batch] += times[_COLD:]
    return {name: {batch: batch / median(t) for batch, t in by.items()} for name, by in took.items()}


def _timed(run: Run, photos: NDArray[np.uint8]) -> float:
    started = perf_counter()
    run(photos)
    return perf_counter() - started


if __name__ == "__main__":
    main()
