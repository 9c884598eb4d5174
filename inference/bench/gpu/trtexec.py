"""TensorRT, by its own program."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from weakref import finalize

import numpy as np
from onnx import ModelProto

from inference.bench.gpu.driver import need_gpu
from inference.bench.gpu.way import Arithmetic, Floats, NotBroughtError, Photos
from inference.compile.cast_first import cast_first
from inference.compile.halve import halve

_TYPES: Final = {
    Arithmetic.FP32: ["--noTF32"],
    Arithmetic.TF32: [],
    Arithmetic.FP16: ["--stronglyTyped", "--noTF32"],  # as the graph has them
    Arithmetic.INT8: ["--int8", "--fp16"],  # each layer in what is quickest
}


@dataclass(frozen=True, slots=True)
class Trtexec:
    """An engine for each batch size, built and timed by `trtexec`, the `program`."""

    program: str
    name: str = "TensorRT, trtexec"
    arithmetics: Sequence[Arithmetic] = tuple(Arithmetic)

    def load(self, model: ModelProto, arithmetic: Arithmetic, photos: Photos) -> "_Engine":
        """See `Way`. Builds for a minute or so; raises `RuntimeError` where that fails."""
        engine = _Engine(self.program, photos)
        engine.build(cast_first(halve(model) if arithmetic is Arithmetic.FP16 else model), _TYPES[arithmetic])
        return engine


def bring() -> Trtexec:
    """Raises `NotBroughtError` without such a program or a GPU."""
    program = shutil.which("trtexec")
    if program is None:
        raise NotBroughtError("TensorRT's trtexec is not on the PATH")
    need_gpu()
    return Trtexec(program)


class _Engine:
    def __init__(self, program: str, photos: Photos) -> None:
        self._program = program
        self._folder = Path(mkdtemp(prefix="trtexec-"))
        finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._shape = "PHOTO:" + "x".join(map(str, photos.shape))
        (self._folder / "photos").write_bytes(photos.tobytes())

    def build(self, graph: ModelProto, types: Sequence[str]) -> None:
        (self._folder / "graph.onnx").write_bytes(graph.SerializeToString())
        shapes = [f"--{which}Shapes={self._shape}" for which in ("min", "opt", "max")]
        self._call(f"--onnx={self._folder / 'graph.onnx'}", self._save("engine"), *shapes, *types, "--skipInference")

    def answer(self) -> Floats:
        self._time(1, "--exportOutput=" + str(self._folder / "answer.json"))
        return embeddings(json.loads((self._folder / "answer.json").read_text(encoding="utf-8")))

    def milliseconds(self, times: int) -> float:
        runs = self._time(times, "--noDataTransfers", "--useCudaGraph")
        return float(sum(run["computeMs"] for run in runs[:times]))

    def latencies(self, times: int) -> Sequence[float]:
        return [run["latencyMs"] for run in self._time(times, "--useCudaGraph")[:times]]

    def _time(self, times: int, *more: str) -> list[dict[str, float]]:
        """What each run took; there are `times` of them, or more."""
        export = self._folder / "times.json"
        engine, given = f"--loadEngine={self._folder / 'engine'}", f"--loadInputs=PHOTO:{self._folder / 'photos'}"
        counts = [f"--iterations={times}", "--duration=0", "--warmUp=200"]
        self._call(engine, f"--shapes={self._shape}", given, *counts, f"--exportTimes={export}", *more)
        runs: list[dict[str, float]] = json.loads(export.read_text(encoding="utf-8"))
        return runs

    def _save(self, name: str) -> str:
        return f"--saveEngine={self._folder / name}"

    def _call(self, *arguments: str) -> None:
        command = [self._program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (a list, no shell)
        if done.returncode:
            said = (done.stdout + done.stderr).splitlines()[-3:]
            raise RuntimeError(f"trtexec ended with status {done.returncode}: {' '.join(said)}")


def embeddings(exported: Sequence[dict[str, Any]]) -> Floats:
    """EMBEDDING out of the tensors that `--exportOutput` writes: name, dimensions as `8x256`, values in a row."""
    (found,) = (tensor for tensor in exported if tensor["name"] == "EMBEDDING")
    return np.array(found["values"], np.float32).reshape([int(side) for side in found["dimensions"].split("x")])
