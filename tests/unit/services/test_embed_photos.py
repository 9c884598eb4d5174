from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest

from lookalike.domain.photo import PhotoId
from lookalike.errors import OverloadedError
from lookalike.ports.embedder import Pixels, Prediction, Priority
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.testing import FakeEmbedder, InMemoryEmbeddingCache

_MANY = 64
PHOTO, OTHER = PhotoId.of(b"a photo"), PhotoId.of(b"another")


def grey(level: int = 90) -> Pixels:
    return np.full((64, 64, 3), level, dtype=np.uint8)


class SlowEmbedder(FakeEmbedder):
    """Answers once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = Event()
        self.may_answer = Event()

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        self.begun.set()
        assert self.may_answer.wait(30)
        return super().embed_many(photos, priority)


def ask_together(embed: EmbedPhotos, embedder: SlowEmbedder) -> list[object]:
    ready = Barrier(_MANY + 1)

    def ask(_: int) -> object:
        ready.wait(30)
        try:
            return embed({PHOTO: grey}, Priority.INTERACTIVE)[PHOTO]
        except OverloadedError as error:
            return error

    with ThreadPoolExecutor(_MANY) as pool:
        asked = pool.map(ask, range(_MANY))
        ready.wait(30)
        assert embedder.begun.wait(30)
        embedder.may_answer.set()
        return list(asked)


def test_64_who_ask_at_once_cost_one_inference() -> None:
    embedder = SlowEmbedder()
    got = ask_together(EmbedPhotos(embedder, InMemoryEmbeddingCache()), embedder)
    assert embedder.batches == [1]
    assert all(one is got[0] for one in got)


def test_all_who_wait_get_the_same_error_and_the_next_may_try_again() -> None:
    embedder = SlowEmbedder()
    embedder.refusal = OverloadedError("full")
    embed = EmbedPhotos(embedder, InMemoryEmbeddingCache())
    assert all(isinstance(one, OverloadedError) for one in ask_together(embed, embedder))
    embedder.refusal = None
    assert PHOTO in embed({PHOTO: grey}, Priority.BULK)


def test_those_who_come_after_are_served_by_the_cache_without_pixels() -> None:
    embedder = FakeEmbedder()
    embed = EmbedPhotos(embedder, InMemoryEmbeddingCache())
    embed({PHOTO: grey}, Priority.BULK)

    def never() -> Pixels:
        raise AssertionError("the pixels of a known photo were asked for")

    both = embed({PHOTO: never, OTHER: lambda: grey(10)}, Priority.BULK)
    assert set(both) == {PHOTO, OTHER}
    assert embedder.batches == [1, 1]


def test_pixels_that_cannot_be_had_leave_no_flight_behind() -> None:
    embed = EmbedPhotos(FakeEmbedder(), InMemoryEmbeddingCache())

    def broken() -> Pixels:
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        embed({PHOTO: broken}, Priority.BULK)
    assert PHOTO in embed({PHOTO: grey}, Priority.BULK)


def test_two_batches_that_overlap_do_not_wait_for_each_other_for_ever() -> None:
    embed = EmbedPhotos(FakeEmbedder(), InMemoryEmbeddingCache())
    photos = [PhotoId.of(bytes([at])) for at in range(40)]
    forward = dict.fromkeys(photos, grey)
    backward = dict.fromkeys(reversed(photos), grey)
    with ThreadPoolExecutor(8) as pool:
        flights = [pool.submit(embed, one, Priority.BULK) for one in (forward, backward) * 8]
        assert all(len(flight.result(30)) == 40 for flight in flights)
