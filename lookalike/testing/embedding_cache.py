from collections.abc import Mapping, Sequence

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.ports.embedder import Prediction


class InMemoryEmbeddingCache:
    """Remembers everything."""

    def __init__(self) -> None:
        self._predictions: dict[tuple[ModelVersion, PhotoId], Prediction] = {}

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        """The predictions that are remembered."""
        known = self._predictions
        return {photo: known[model, photo] for photo in photos if (model, photo) in known}

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        """Remember."""
        for photo, prediction in predictions.items():
            self._predictions[model, photo] = prediction
