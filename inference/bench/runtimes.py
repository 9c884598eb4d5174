"""The served model by several runtimes, in turns, on processors: `python -m inference.bench.runtimes`.

FP32 and INT8, by ONNX Runtime and, where it is installed (`pip install openvino`), by OpenVINO, each on the same number
of threads and at its best batch. What answers otherwise than ONNX Runtime's FP32 does not count.
"""

import argparse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.bench.in_process import open_session
from inference.compile.graph import to_bytes
from inference.compile.restore import read_fp32
from inference.serving.committed import CPU_MODEL, MODEL
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.imaging.prepare import prepare
from lookalike.sample import draw_catalogue

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
_BATCHES: Final = (1, 2, 4, 8)
_ENOUGH: Final = 0.99


def main() -> None:
    """Print one line a runtime and precision: photos a second at its best batch, and the ratio to the first."""
    options = _options()
    with TemporaryDirectory() as folder:
        files = _files(Path(folder))
        side = OnnxEmbedder(files["FP32"], threads=1).facts.input_size
        runs = dict(_contenders(files, options.threads))
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
    parser.add_argument("--rounds", type=int, default=15)
    return parser.parse_args()


def _files(folder: Path) -> dict[str, Path]:
    whole = folder / "fp32.onnx"
    whole.write_bytes(to_bytes(read_fp32(MODEL)))
    return {"FP32": whole, "INT8": CPU_MODEL}


def _contenders(files: dict[str, Path], threads: int) -> list[tuple[str, Run]]:
    found = [(f"ONNX Runtime {name}", _by_onnx_runtime(file, threads)) for name, file in files.items()]
    with suppress(ImportError):
        found += [(f"OpenVINO {name}", _by_openvino(file, threads)) for name, file in files.items()]
    return found


def _by_onnx_runtime(file: Path, threads: int) -> Run:
    session = open_session(file, threads)
    return lambda photos: np.asarray(session.run(["EMBEDDING"], {"PHOTO": photos})[0])


def _by_openvino(file: Path, threads: int) -> Run:
    import openvino  # noqa: PLC0415 (not among what the bench needs)

    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    compiled = openvino.Core().compile_model(str(file), "CPU", settings | {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda photos: np.asarray(compiled({"PHOTO": photos})["EMBEDDING"])


def race(runs: dict[str, Run], photos: NDArray[np.uint8], rounds: int) -> dict[str, dict[int, float]]:
    """Photos a second by batch, each the median of `rounds`, the contenders taking turns."""
    took: dict[str, dict[int, list[float]]] = {name: {batch: [] for batch in _BATCHES} for name in runs}
    for turn in range(rounds + 2):
        for name, run in runs.items():
            for batch in _BATCHES:
                started = perf_counter()
                run(photos[:batch])
                if turn > 1:  # the first two warm up
                    took[name][batch].append(perf_counter() - started)
    return {name: {batch: batch / median(t) for batch, t in by.items()} for name, by in took.items()}


if __name__ == "__main__":
    main()
