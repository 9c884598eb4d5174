from collections.abc import Mapping, Sequence
from typing import Protocol

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.ports.embedder import Prediction


class EmbeddingCache(Protocol):
    """Predictions by photo and model, so that copies of a photo cost one inference. May forget at any time."""

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        """The predictions that are remembered; never raises for a cache that is down: it then knows nothing."""
        ...

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        """Remember; a cache that is down forgets silently."""
        ...
