from typing import Final

import numpy as np

from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.errors import InvalidRequestError
from lookalike.ports.embedder import Prediction

PREFIX: Final = "lookalike:"
_VECTOR: Final = np.dtype("<f4")
_PROBABILITY: Final = np.dtype("<f8")
_VECTOR_BYTES: Final = DIMENSIONS * _VECTOR.itemsize


def key(model: ModelVersion, photo: PhotoId) -> str:
    """Where a prediction is kept. The model is part of it, so that vectors of two never meet."""
    return f"{PREFIX}{model}:{photo}"


def written(prediction: Prediction) -> bytes:
    """1 KiB of vector, and 8 bytes for each category's probability."""
    vector = prediction.embedding.vector.astype(_VECTOR, copy=False).tobytes()
    return vector + np.asarray(prediction.probabilities, dtype=_PROBABILITY).tobytes()


def read(value: bytes, model: ModelVersion) -> Prediction | None:
    """What `written` wrote; None for what it cannot have written."""
    if len(value) < _VECTOR_BYTES or (len(value) - _VECTOR_BYTES) % _PROBABILITY.itemsize:
        return None
    vector = np.frombuffer(value, dtype=_VECTOR, count=DIMENSIONS).astype(np.float32)
    probabilities = np.frombuffer(value, dtype=_PROBABILITY, offset=_VECTOR_BYTES)
    try:
        return Prediction(Embedding(vector, model), tuple(probabilities.tolist()))
    except InvalidRequestError:
        return None
