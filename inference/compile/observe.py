"""What activations look like on real photos."""

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, helper

from inference.compile.agree import BATCH, Floats, open_session
from inference.compile.graph import CONVOLUTION
from inference.compile.scheme import Method
from inference.compile.toolbox import CalibrationDataReader, create_calibrator

_Pixels = npt.NDArray[np.uint8]
_AT_ONCE: Final = 2 * BATCH
"""Photos whose activations are in memory together (a calibrator keeps all that it is given at once)."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Of FP32 tensors, by name: their ranges, and each channel's mean where a convolution takes it in."""

    ranges: Any
    means: dict[str, Floats]


def observe(model: ModelProto, pixels: _Pixels, operations: list[str], method: Method) -> Observed:
    """Run the model, whose shapes are inferred, on photos; watch the tensors around `operations`."""
    return Observed(_ranges(model, pixels, operations, method), _means(model, pixels))


def _ranges(model: ModelProto, pixels: _Pixels, operations: list[str], method: Method) -> Any:
    with TemporaryDirectory() as place, redirect_stdout(sys.stderr):
        path, augmented = Path(place) / "model.onnx", Path(place) / "augmented.onnx"
        path.write_bytes(model.SerializeToString())
        options = {"symmetric": False}
        calibrator = create_calibrator(
            path, operations, str(augmented), calibrate_method=method.calibration, extra_options=options
        )
        # On one thread sums are made in one order, so that the same photos give the same bytes.
        watched = ModelProto.FromString(augmented.read_bytes())
        calibrator.infer_session = open_session(watched)
        for start in range(0, len(pixels), _AT_ONCE):
            calibrator.collect_data(_Reader(pixels[start : start + _AT_ONCE]))
        return calibrator.compute_data()


class _Reader(CalibrationDataReader):  # type: ignore[misc] # ships no types
    """Batches, the way ONNX Runtime asks for them."""

    def __init__(self, pixels: _Pixels) -> None:
        self._batches: Iterator[_Pixels] = (pixels[i : i + BATCH] for i in range(0, len(pixels), BATCH))

    def get_next(self) -> dict[str, _Pixels] | None:
        """The next batch; nothing after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {"PHOTO": batch}


def _means(model: ModelProto, pixels: _Pixels) -> dict[str, Floats]:
    names = list(dict.fromkeys(node.input[0] for node in model.graph.node if node.op_type == CONVOLUTION))
    watched = ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session, sums = open_session(watched), dict.fromkeys(names, np.float64(0))
    for start in range(0, len(pixels), BATCH):
        tensors = session.run(names, {"PHOTO": pixels[start : start + BATCH]})
        for name, tensor in zip(names, tensors, strict=True):
            sums[name] = sums[name] + tensor.mean(axis=(2, 3), dtype=np.float64).sum(axis=0)
    return {name: np.asarray(total / len(pixels), np.float32) for name, total in sums.items()}
