import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.ports.embedder import Prediction


class LruEmbeddingCache:
    """The `most` predictions that were used last, in memory: about 2 kB each."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._predictions: OrderedDict[tuple[ModelVersion, PhotoId], Prediction] = OrderedDict()

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        """The predictions that are remembered."""
        with self._lock:
            found = {photo: self._predictions[model, photo] for photo in photos if (model, photo) in self._predictions}
            for photo in found:
                self._predictions.move_to_end((model, photo))
            return found

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        """Remember, and forget what was not used for longest."""
        with self._lock:
            for photo, prediction in predictions.items():
                self._predictions[model, photo] = prediction
                self._predictions.move_to_end((model, photo))
            while len(self._predictions) > self._most:
                self._predictions.popitem(last=False)
