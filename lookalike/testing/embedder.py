from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion
from lookalike.errors import InvalidRequestError, LookalikeError
from lookalike.ports.embedder import ModelFacts, Pixels, Prediction, Priority

_CELLS: Final = 4
_BINS: Final = 8
_Floats = npt.NDArray[np.float64]


class FakeEmbedder:
    """Sees colours and edges on a 4 x 4 grid, so that pictures that look alike get vectors that are near.

    `batches` lists how many photos each call had; set `refusal` to have every call raise it.
    """

    def __init__(self, version: str = "fake-000000000000-p1", input_size: int = 64) -> None:
        self.facts = ModelFacts(
            version=ModelVersion(version),
            preparation="1",
            input_size=input_size,
            categories=("dress", "shirt", "trousers"),
            similarity_slope=20.0,
            similarity_intercept=-15.0,
        )
        self.batches: list[int] = []
        self.refusal: LookalikeError | None = None
        random = np.random.default_rng(sum(version.encode()))
        self._projection = random.standard_normal((_CELLS * _CELLS * (3 + _BINS), DIMENSIONS))

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        """One prediction a photo, uint8 [size, size, 3]; raises `InvalidRequestError` for any other array."""
        del priority
        size = self.facts.input_size
        for photo in photos:
            if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
                raise InvalidRequestError("photo", f"must be uint8 [{size}, {size}, 3], is {photo.dtype} {photo.shape}")
        if self.refusal is not None:
            raise self.refusal
        self.batches.append(len(photos))
        return [self._predict(photo) for photo in photos]

    def _predict(self, photo: Pixels) -> Prediction:
        features = _features(photo.astype(np.float64) / 255)
        vector = (features @ self._projection).astype(np.float32)
        likes = np.exp(features[:3] - features[:3].max())
        return Prediction(Embedding(vector, self.facts.version), tuple((likes / likes.sum()).tolist()))


def _features(photo: _Floats) -> _Floats:
    """The mean colour and edge directions of each cell, [16 * 11]; never all zero: no byte / 255 is 0.45."""
    down, across = np.gradient(photo.mean(axis=2))
    direction = ((np.arctan2(down, across) / np.pi + 1) / 2 * _BINS).astype(int) % _BINS
    edges = np.hypot(down, across)
    by_direction = np.stack([np.where(direction == bin_, edges, 0) for bin_ in range(_BINS)], axis=2)
    cells = _pooled(np.concatenate([photo - 0.45, 8 * by_direction], axis=2))
    return cells.reshape(-1)


def _pooled(planes: _Floats) -> _Floats:
    """Means over a 4 x 4 grid of cells: [4, 4, channels]."""
    side = planes.shape[0] // _CELLS
    cut = planes[: side * _CELLS, : side * _CELLS]
    pooled: _Floats = cut.reshape(_CELLS, side, _CELLS, side, -1).mean(axis=(1, 3))
    return pooled
