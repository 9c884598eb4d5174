"""How close a compiled model stays to its FP32 source."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from onnx import ModelProto

from inference.compile.toolbox import ort

Floats = npt.NDArray[np.float32]
BATCH: Final = 4  # small enough for the layers to stay in a processor's cache (lookalike/adapters/embedded/embedder.py)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosine between both models' embeddings of a photo: mean and first percentile over `photos` photos."""

    photos: int
    mean: float
    p1: float


def open_session(model: ModelProto) -> ort.InferenceSession:
    """The model on one thread of this machine's processor, its integers exact even where they would saturate."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors; an FP16 model has a processor warn of each cast it needs
    # Without VNNI, u8 x s8 becomes u8 x u8, which is slow and right (onnxruntime_session_options_config_keys.h).
    options.add_session_config_entry("session.x64quantprecision", "1")
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def embed(model: ModelProto, pixels: npt.NDArray[np.uint8]) -> Floats:
    """Embeddings, float32 [n, dimensions], of prepared photos."""
    session = open_session(model)
    batches = [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]
    return np.concatenate([session.run(["EMBEDDING"], {"PHOTO": batch})[0] for batch in batches])


def agree(model: ModelProto, pixels: npt.NDArray[np.uint8], reference: Floats) -> Agreement:
    """Compare with the `reference` embeddings, of unit length, of the same photos."""
    cosines = np.einsum("nd,nd->n", embed(model, pixels), reference, dtype=np.float64)
    return Agreement(len(pixels), float(cosines.mean()), float(np.percentile(cosines, 1)))
