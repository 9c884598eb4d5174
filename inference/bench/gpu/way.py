"""What a way of running the model on a GPU has to offer to be measured."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt
from onnx import ModelProto

Floats = npt.NDArray[np.float32]
Photos = npt.NDArray[np.uint8]
"""uint8 [batch, size, size, 3], RGB."""


class NotBroughtError(Exception):
    """This way, or this arithmetic by it, cannot be had on this machine; the message says why."""


class Arithmetic(StrEnum):
    """What the GPU's matrix units compute in: TF32 is FP32 whose factors keep 10 bits behind the first."""

    FP32 = "fp32"
    TF32 = "tf32"
    FP16 = "fp16"
    INT8 = "int8"


class Loaded(Protocol):
    """The model, made ready for one batch of photos, which lies on the GPU."""

    def answer(self) -> Floats:
        """Embeddings, float32 [batch, dimensions], of the photos, which come from the host's memory."""

    def milliseconds(self, times: int) -> float:
        """How long `times` batches take, one right after the other, nothing copied."""

    def latencies(self, times: int) -> Sequence[float]:
        """Milliseconds from photos in the host's memory to embeddings there, each of `times` times."""


class Way(Protocol):
    """One runtime. `name` says which, and its version."""

    @property
    def name(self) -> str:
        """For a table."""

    @property
    def arithmetics(self) -> Sequence[Arithmetic]:
        """Those it can be told to use."""

    def load(self, model: ModelProto, arithmetic: Arithmetic, photos: Photos) -> Loaded:
        """Make ready. `model` is FP32 for FP32, TF32 and FP16, and holds its integers for INT8 (QDQ).

        Raises `NotBroughtError`, or whatever the runtime does.
        """
