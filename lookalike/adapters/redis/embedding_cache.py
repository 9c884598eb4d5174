import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar, cast

from redis import Redis

from lookalike.adapters.redis.breaker import Breaker
from lookalike.adapters.redis.entry import PREFIX, key, read, written
from lookalike.adapters.redis.errors import translated
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.photo import PhotoId
from lookalike.errors import LookalikeError
from lookalike.ports.embedder import Prediction

ACCESS: Final = f"on ~{PREFIX}* -@all +mget +set"
"""All that a user of the cache needs, as Valkey's access control lists say it.
https://valkey.io/topics/acl/"""
_KEPT: Final = timedelta(days=7)
_AT_ONCE: Final = 500

log = logging.getLogger(__name__)
T = TypeVar("T")


class RedisEmbeddingCache:
    """Predictions that all processes share, each for `kept` after it was put; the server drops others earlier.

    A cache that is slow or down costs a time-out, and nothing again until `breaker` lets it be asked: it then knows
    nothing and forgets what it is told. So does one that lets nobody in. The caller closes `client`.
    """

    def __init__(self, client: Redis, kept: timedelta = _KEPT, breaker: Breaker | None = None) -> None:
        self._client, self._kept = client, kept
        self._breaker = breaker or Breaker()

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        """The predictions that are remembered; a value that is none counts as forgotten."""
        found: dict[PhotoId, Prediction] = {}
        for some in _chunks(list(dict.fromkeys(photos))):
            found.update(self._attempt(partial(self._get, model, some)) or {})
        return found

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        """Remember."""
        for some in _chunks(list(predictions)):
            self._attempt(partial(self._put, model, {photo: predictions[photo] for photo in some}))

    def _get(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        values = cast("list[bytes | None]", self._client.mget([key(model, photo) for photo in photos]))
        read_ones = {photo: read(value, model) for photo, value in zip(photos, values, strict=True) if value}
        return {photo: prediction for photo, prediction in read_ones.items() if prediction}

    def _put(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            for photo, prediction in predictions.items():
                pipeline.set(key(model, photo), written(prediction), ex=self._kept)
            pipeline.execute()

    def _attempt(self, ask: Callable[[], T]) -> T | None:
        if self._breaker.is_open:
            return None
        try:
            with translated():
                return ask()
        except LookalikeError as error:
            self._breaker.trip()
            log.warning("the embedding cache is left out for a while: %s", error)
            return None


def _chunks(photos: Sequence[PhotoId]) -> Iterator[Sequence[PhotoId]]:
    for start in range(0, len(photos), _AT_ONCE):
        yield photos[start : start + _AT_ONCE]
