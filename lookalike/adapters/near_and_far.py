from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.ports.embedder import Prediction
from lookalike.ports.embedding_cache import EmbeddingCache


@dataclass(frozen=True, slots=True)
class NearAndFar:
    """Two caches as one: this process's own is asked first, and learns what only the shared one knew."""

    near: EmbeddingCache
    far: EmbeddingCache

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        """The predictions that either remembers."""
        found = self.near.get_many(model, photos)
        missing = [photo for photo in photos if photo not in found]
        if missing and (fetched := self.far.get_many(model, missing)):
            self.near.put_many(model, fetched)
            found.update(fetched)
        return found

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        """Remember in both."""
        self.near.put_many(model, predictions)
        self.far.put_many(model, predictions)
