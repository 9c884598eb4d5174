import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lookalike.adapters.embedded.embedding_cache import LruEmbeddingCache
from lookalike.adapters.embedded.forgotten import ForgottenUploads
from lookalike.adapters.embedded.work_queue import InProcessWorkQueue
from lookalike.errors import UnavailableError
from lookalike.ports.embedder import Prediction
from lookalike.ports.work_queue import Pointer
from lookalike.testing.examples import MODEL, SHOP, an_embedding, photo_id, upload_id


def pointers(*numbers: int) -> list[Pointer]:
    return [Pointer(SHOP, upload_id(n)) for n in numbers]


def test_a_pointer_that_waits_is_held_once() -> None:
    queue = InProcessWorkQueue()
    for _ in range(3):
        queue.send_many(pointers(1, 2, 1))
    assert len(queue) == 2
    assert queue.take(10, 0) == pointers(1, 2)


def test_a_full_queue_takes_all_or_nothing_and_known_ones_always() -> None:
    queue = InProcessWorkQueue(most=3)
    queue.send_many(pointers(1, 2))
    with pytest.raises(UnavailableError) as caught:
        queue.send_many(pointers(3, 4))
    assert caught.value.retry_after > 0
    queue.send_many(pointers(2, 1, 3))
    queue.send_many(pointers(1, 2, 3))
    assert queue.take(10, 0) == pointers(1, 2, 3)


def test_take_gives_at_most_what_was_asked_the_oldest_first() -> None:
    queue = InProcessWorkQueue()
    queue.send_many(pointers(*range(10)))
    assert queue.take(4, 0) == pointers(0, 1, 2, 3)
    queue.send_many(pointers(0))
    assert queue.take(100, 0) == pointers(4, 5, 6, 7, 8, 9, 0)


def test_take_wakes_when_work_comes_and_when_it_closes() -> None:
    queue = InProcessWorkQueue()
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(queue.take, 1, 60)
        queue.send_many(pointers(1))
        assert taking.result(10) == pointers(1)
        taking = pool.submit(queue.take, 1, 60)
        queue.close()
        assert taking.result(10) == []


def test_nothing_goes_in_or_out_once_it_is_closed() -> None:
    queue = InProcessWorkQueue()
    queue.send_many(pointers(1))
    queue.close()
    queue.close()
    assert queue.take(1, 60) == []
    with pytest.raises(UnavailableError, match="closed"):
        queue.send_many(pointers(2))


def test_many_senders_and_takers_lose_and_double_nothing() -> None:
    queue, taken, lock = InProcessWorkQueue(), [], threading.Lock()

    def take() -> None:
        while batch := queue.take(7, 0.5):
            with lock:
                taken.extend(batch)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            pool.submit(take)
        for start in range(0, 2000, 100):
            pool.submit(queue.send_many, pointers(*range(start, start + 100)))
    assert sorted(taken, key=lambda pointer: pointer.upload) == pointers(*range(2000))


def test_what_is_delayed_takes_room_like_the_rest() -> None:
    queue = InProcessWorkQueue(most=2)
    queue.send_many(pointers(1, 2), delay=timedelta(seconds=60))
    assert (len(queue), queue.take(10, 0)) == (2, [])
    with pytest.raises(UnavailableError):
        queue.send_many(pointers(3))


def test_the_uploads_that_were_forgotten_first_are_forgotten_altogether() -> None:
    forgotten, uploads = ForgottenUploads(most=2), [upload_id(n) for n in range(4)]
    forgotten.add(SHOP, uploads[:3])
    assert forgotten.among(SHOP, uploads) == set(uploads[1:3])


def predictions(*numbers: int) -> dict[object, Prediction]:
    return {photo_id(n): Prediction(an_embedding(n), (1.0,)) for n in numbers}


def known(cache: LruEmbeddingCache, *numbers: int) -> set[int]:
    return {n for n in numbers if cache.get_many(MODEL, [photo_id(n)])}


@pytest.mark.parametrize("use", ["read", "written again"])
def test_the_cache_forgets_what_was_not_used_for_longest(use: str) -> None:
    cache = LruEmbeddingCache(most=3)
    cache.put_many(MODEL, predictions(1, 2, 3))
    if use == "read":
        cache.get_many(MODEL, [photo_id(1)])
    else:
        cache.put_many(MODEL, predictions(1))
    cache.put_many(MODEL, predictions(4))
    assert known(cache, 1, 2, 3, 4) == {1, 3, 4}


def test_the_cache_never_holds_more_than_it_may() -> None:
    cache = LruEmbeddingCache(most=10)
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, 400, 20):
            pool.submit(cache.put_many, MODEL, predictions(*range(start, start + 20)))
            pool.submit(cache.get_many, MODEL, [photo_id(n) for n in range(start, start + 20)])
    assert len(known(cache, *range(400))) == 10
