"""What TensorRT is told of a model, typed, and the building of an engine from it."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from inference.compile.nvidia_smi import query_gpus

_PROGRAM: Final = "trtexec"


class MissingError(Exception):
    """What an engine is built with is not on this machine; the message says what."""


class Gpu(StrEnum):
    """An engine runs on the type of GPU that it was built on, and on no other."""

    T4 = "T4"
    A10G = "A10G"
    L4 = "L4"
    L40S = "L40S"
    A100 = "A100"
    H100 = "H100"

    def is_shown_as(self, name: str) -> bool:
        """Whether the driver calls it so, e.g. ``NVIDIA A100-SXM4-40GB``."""
        return self.value in name.replace("-", " ").split()

    @property
    def compute_capability(self) -> str:
        """By which Triton tells GPUs apart; an L4 and an L40S have the same.

        https://developer.nvidia.com/cuda-gpus
        """
        return _CAPABILITIES[self]


_CAPABILITIES: Final[Mapping[Gpu, str]] = {
    Gpu.T4: "7.5",
    Gpu.A100: "8.0",
    Gpu.A10G: "8.6",
    Gpu.L4: "8.9",
    Gpu.L40S: "8.9",
    Gpu.H100: "9.0",
}


class Precision(StrEnum):
    """Of the graph that an engine is built from, whose types are the engine's."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Batches:
    """Photos at once: the fewest, those the engine is tuned for, the most. Raises `ValueError` out of order."""

    fewest: int = 1
    best: int = 8
    most: int = 32

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.best <= self.most:
            raise ValueError(f"batches must be in order and at least 1: {self.fewest}, {self.best}, {self.most}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an engine is built: for which GPU, shapes (`input_size` pixels a side) and workspace (MiB).

    The graph's own types hold (strong typing), and FP32 means FP32: TF32 keeps no more bits than FP16, and what is
    FP32 in a compiled graph is so because it needs more.
    https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/advanced.html#strongly-typed-networks
    """

    gpu: Gpu
    precision: Precision
    input_size: int
    batches: Batches = Batches()
    workspace_mib: int = 2048

    def __post_init__(self) -> None:
        if self.input_size < 1:
            raise ValueError(f"input_size must be at least 1, is {self.input_size}")
        if self.workspace_mib < 1:
            raise ValueError(f"workspace_mib must be at least 1, is {self.workspace_mib}")

    def arguments(self, graph: Path, engine: Path) -> list[str]:
        """What `trtexec` is called with."""
        return [
            f"--onnx={graph}",
            f"--saveEngine={engine}",
            f"--minShapes={self._shape(self.batches.fewest)}",
            f"--optShapes={self._shape(self.batches.best)}",
            f"--maxShapes={self._shape(self.batches.most)}",
            f"--memPoolSize=workspace:{self.workspace_mib}",
            "--stronglyTyped",
            "--noTF32",
            "--skipInference",
        ]

    def container(self, graph: Path, engine: Path, program: str = _PROGRAM) -> dict[str, Any]:
        """The fields of a Kubernetes container that builds the engine; image and volumes are the caller's.

        `program` is where the image has `trtexec`.
        """
        return {
            "command": [program],
            "args": self.arguments(graph, engine),
            "resources": {"limits": {"nvidia.com/gpu": "1"}},
        }

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return asdict(self)

    def _shape(self, batch: int) -> str:
        return f"PHOTO:{batch}x{self.input_size}x{self.input_size}x3"


def build(recipe: Recipe, graph: Path, engine: Path) -> None:
    """Build the engine here. Raises `MissingError` without TensorRT or that GPU, `RuntimeError` where it fails."""
    program = shutil.which(_PROGRAM)
    if program is None:
        raise MissingError(
            f"{_PROGRAM} is not on the PATH: build the engine where TensorRT is, on its type of GPU ({recipe.gpu})"
        )
    found = query_gpus("name")
    if not found or not recipe.gpu.is_shown_as(found[0]):
        raise MissingError(
            f"this engine is for the type {recipe.gpu}; this machine's first GPU is {[*found, 'none'][0]}"
        )
    done = subprocess.run([program, *recipe.arguments(graph, engine)], check=False)  # noqa: S603 (a list, no shell)
    if done.returncode or not engine.exists():
        raise RuntimeError(f"{_PROGRAM} ended with status {done.returncode} and built no engine")
