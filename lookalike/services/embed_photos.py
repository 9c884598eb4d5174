from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from lookalike.domain.photo import PhotoId
from lookalike.ports.embedder import Embedder, Pixels, Prediction, Priority
from lookalike.ports.embedding_cache import EmbeddingCache


@dataclass(frozen=True, slots=True)
class EmbedPhotos:
    """Embed photos so that N copies of one cost one inference, whether they come after or beside each other.

    The cache serves those that come after; callers in this process that meet at the same photo wait for
    the first of them (single flight).
    """

    embedder: Embedder
    cache: EmbeddingCache
    _flights: dict[PhotoId, Future[Prediction]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, photos: Mapping[PhotoId, Callable[[], Pixels]], priority: Priority) -> dict[PhotoId, Prediction]:
        """Predictions for all photos; the pixels of one are asked for only where it must be computed.

        Raises what the embedder raises; those who waited for the same photo get the same error.
        """
        known = self.cache.get_many(self.embedder.facts.version, list(photos))
        missing = [photo for photo in photos if photo not in known]
        mine, theirs = self._take_off(missing)
        if mine:
            known |= self._fly({photo: photos[photo] for photo in mine}, mine, priority)
        return known | {photo: flight.result() for photo, flight in theirs.items()}

    def _take_off(
        self, photos: list[PhotoId]
    ) -> tuple[dict[PhotoId, Future[Prediction]], dict[PhotoId, Future[Prediction]]]:
        mine: dict[PhotoId, Future[Prediction]] = {}
        theirs: dict[PhotoId, Future[Prediction]] = {}
        with self._lock:
            for photo in photos:
                if photo in self._flights:
                    theirs[photo] = self._flights[photo]
                else:
                    mine[photo] = self._flights[photo] = Future()
        return mine, theirs

    def _fly(
        self,
        photos: Mapping[PhotoId, Callable[[], Pixels]],
        flights: Mapping[PhotoId, Future[Prediction]],
        priority: Priority,
    ) -> dict[PhotoId, Prediction]:
        try:
            made = self.embedder.embed_many([pixels() for pixels in photos.values()], priority)
            predictions = dict(zip(photos, made, strict=True))
            self.cache.put_many(self.embedder.facts.version, predictions)
            for photo, prediction in predictions.items():
                flights[photo].set_result(prediction)
        except BaseException as error:
            for flight in flights.values():
                flight.set_exception(error)
            raise
        finally:
            with self._lock:
                for photo in flights:
                    self._flights.pop(photo, None)
        return predictions
