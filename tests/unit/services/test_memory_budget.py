"""Decodes share one budget of memory, and a photo that was asked with is decoded once."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import ANY

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_harness import SHOP, Works, item, photo_of, picture

from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByPhoto, ByUpload, Query, Region
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import NotFoundError, OverloadedError, PhotoRejectedError, Rejection
from lookalike.ports.embedder import Priority
from lookalike.services.memory_budget import MemoryBudget
from lookalike.services.prepared_queries import PreparedQueries, PreparedQuery
from lookalike.testing import InMemoryPhotoStore

INTERACTIVE, BULK = Priority.INTERACTIVE, Priority.BULK
RED = picture("red")
PART = Region(0.1, 0.1, 0.9, 0.9)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(Priority)), max_size=24))
def test_together_they_never_take_more(asked: list[tuple[int, Priority]]) -> None:
    budget = MemoryBudget(1600, wait_seconds=30, most_waiting=100)
    taken, most, lock = 0, 0, threading.Lock()

    def decode(wanted: int, priority: Priority) -> None:
        nonlocal taken, most
        wanted_at_most = min(wanted, 1600 if wanted <= 100 else 1500)
        with budget.hold(wanted, priority):
            with lock:
                taken += wanted_at_most
                most = max(most, taken)
            with lock:
                taken -= wanted_at_most

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: decode(*each), asked))
    assert most <= 1600
    with budget.hold(1500, INTERACTIVE), budget.hold(100, INTERACTIVE):
        pass  # all was given back


def test_a_large_photo_leaves_room_for_small_ones() -> None:
    budget = MemoryBudget(1600, wait_seconds=0)
    with budget.hold(10**9, INTERACTIVE):
        with budget.hold(100, INTERACTIVE):
            pass
        with pytest.raises(OverloadedError), budget.hold(101, INTERACTIVE):
            pass


def test_who_would_wait_too_long_or_behind_too_many_is_refused() -> None:
    budget = MemoryBudget(1600, wait_seconds=30, most_waiting=2)
    go_on, waited = threading.Event(), []

    def wait() -> None:
        with budget.hold(1500, INTERACTIVE):
            waited.append(1)

    with ThreadPoolExecutor(2) as pool:
        with budget.hold(1500, INTERACTIVE):
            waiters = [pool.submit(wait) for _ in range(2)]
            refused = None
            while refused is None:  # until both wait
                refused = _refusal(budget, go_on)
        for waiter in waiters:
            waiter.result(30)
    assert refused.retry_after >= 1
    assert len(waited) == 2


def _refusal(budget: MemoryBudget, pause: threading.Event) -> OverloadedError | None:
    if budget._waiting < 2:
        pause.wait(0.01)
        return None
    with pytest.raises(OverloadedError) as raised, budget.hold(1500, INTERACTIVE):
        pass
    return raised.value


def test_interactive_goes_before_bulk() -> None:
    budget, order = MemoryBudget(1600), []

    def take(priority: Priority) -> None:
        with budget.hold(1500, priority):
            order.append(priority)

    with ThreadPoolExecutor(4) as pool:
        with budget.hold(1500, BULK):
            bulk = [pool.submit(take, BULK) for _ in range(2)]
            interactive = [pool.submit(take, INTERACTIVE) for _ in range(2)]
            while budget._waiting < 2:
                threading.Event().wait(0.01)
        for each in (*bulk, *interactive):
            each.result(30)
    assert order == [INTERACTIVE, INTERACTIVE, BULK, BULK]


class CountingBudget(MemoryBudget):
    """Counts decodes: each holds once."""

    def __init__(self) -> None:
        super().__init__(10**9)
        self.decodes = 0

    def hold(self, wanted: int, priority: Priority) -> ANY:
        self.decodes += 1
        return super().hold(wanted, priority)


@pytest.fixture
def works() -> Works:
    works = Works(photos=InMemoryPhotoStore())
    works.resolve = type(works.resolve)(
        works.ledger, works.photos, works.items, works.index, works.embed, works.limits, CountingBudget()
    )
    works.find = type(works.find)(works.resolve, works.index, works.items, works.ledger)
    return works


def decodes(works: Works) -> int:
    budget = works.resolve.budget
    assert isinstance(budget, CountingBudget)
    return budget.decodes


@pytest.mark.parametrize("is_prepared", [False, True])
def test_asking_again_decodes_nothing(works: Works, is_prepared: bool) -> None:
    upload, again = works.send(RED), works.send(RED)
    if is_prepared:
        works.work()
    for subject in (ByUpload(upload), ByUpload(again), ByPhoto(RED), ByUpload(upload)):
        works.find(SHOP, Query(subject))
    assert decodes(works) == 1
    for subject in (ByUpload(upload, PART), ByPhoto(RED, PART), ByUpload(again, PART)):
        works.find(SHOP, Query(subject))
    assert decodes(works) == 2
    assert works.inferences == 2


class CountingQueries(PreparedQueries):
    """Counts the photos that were prepared as uploads."""

    prepared = 0

    def keep(self, made: PreparedQuery) -> None:
        self.prepared += 1
        super().keep(made)


@pytest.mark.parametrize("is_searched_first", [False, True])
def test_an_upload_and_its_search_decode_once_together(works: Works, is_searched_first: bool) -> None:
    queries = CountingQueries()
    works.resolve = replace(works.resolve, seen=queries)
    works.find = replace(works.find, resolve=works.resolve)
    works.prepare = replace(works.prepare, queries=queries)
    upload = works.send(RED)
    steps = [works.work, lambda: works.find(SHOP, Query(ByUpload(upload)))]
    for step in reversed(steps) if is_searched_first else steps:
        step()
    assert (queries.prepared, decodes(works)) == ((0, 1) if is_searched_first else (1, 0))
    assert works.status(upload) is UploadStatus.PREPARED


def test_what_is_sold_is_not_kept_for_searches(works: Works) -> None:
    queries = CountingQueries()
    works.prepare = replace(works.prepare, queries=queries)
    works.put(SHOP, [item("a")])
    works.send(RED, ItemId("a"))
    works.work()
    assert queries.prepared == 0
    assert works.entries() == 1


def test_a_photo_prepared_while_a_search_waited_in_vain_stays(works: Works) -> None:
    made = works.resolve.seen.get(photo_of(RED), lambda _: seen(photo_of(RED)))
    other = PreparedQueries()

    def wait_for_memory(_: ANY) -> PreparedQuery:
        other.keep(made)
        raise OverloadedError("no memory in time")

    with pytest.raises(OverloadedError):
        other.get(made.key, wait_for_memory)
    assert other.find(made.key) is made
    assert other.find(photo_of(b"another")) is None


def test_a_photo_that_is_refused_is_looked_at_once(works: Works) -> None:
    cut = RED[: len(RED) // 2]
    for _ in range(3):
        with pytest.raises(PhotoRejectedError):
            works.find(SHOP, Query(ByPhoto(cut)))
    assert decodes(works) == 1


def test_many_that_ask_with_one_photo_at_once_decode_it_once(works: Works) -> None:
    upload = works.send(RED)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: works.find(SHOP, Query(ByUpload(upload))), range(8)))
    assert len(results) == 8
    assert decodes(works) == 1


def test_a_forgotten_upload_is_not_answered_from_memory(works: Works) -> None:
    upload = works.send(RED)
    works.find(SHOP, Query(ByUpload(upload)))
    works.ledger.forget_uploads(SHOP, [upload], works.clock.now())
    with pytest.raises(NotFoundError):
        works.find(SHOP, Query(ByUpload(upload)))


def test_bytes_that_came_after_the_first_are_not_looked_at(works: Works) -> None:
    upload: UploadId = works.send(RED)
    works.work()
    works.photos.write_uploads(SHOP, {upload: picture("blue")})  # as often as a bucket's form allows
    for region in (None, PART):
        with pytest.raises(NotFoundError, match="replaced"):
            works.find(SHOP, Query(ByUpload(upload, region)))


def seen(key: PhotoId) -> PreparedQuery:
    return PreparedQuery(key, ANY, None, is_whole=True)


def test_the_oldest_are_forgotten_and_failures_at_once() -> None:
    kept, made = PreparedQueries(most=2), []
    keys = [photo_of(bytes([n])) for n in range(3)]

    def make(key: PhotoId) -> PreparedQuery:
        made.append(key)
        if len(made) == 1:
            raise OverloadedError("busy")
        return seen(key)

    with pytest.raises(OverloadedError):
        kept.get(keys[0], lambda _: make(keys[0]))
    for key in (keys[0], keys[1], keys[0], keys[2], keys[0], keys[1]):
        kept.get(key, lambda _, key=key: make(key))
    assert made == [keys[0], keys[0], keys[1], keys[2], keys[1]]


def test_a_large_photo_holds_up_few() -> None:
    kept, key, go_on = PreparedQueries(most_waiting=2), photo_of(RED), threading.Event()
    begun: Future[None] = Future()

    def make(found_large: ANY) -> PreparedQuery:
        found_large()
        begun.set_result(None)
        assert go_on.wait(30)
        return seen(key)

    with ThreadPoolExecutor(6) as pool, ExitStack() as end:
        end.callback(go_on.set)
        first = pool.submit(kept.get, key, make)
        begun.result(30)
        others = [pool.submit(kept.get, key, make) for _ in range(5)]
        refused = [other for other in others if isinstance(_outcome(other), OverloadedError)]
        assert len(refused) == 3
        go_on.set()
        assert [one.result(30).key for one in (first, *(set(others) - set(refused)))] == [key] * 3


def _outcome(future: Future[PreparedQuery]) -> BaseException | None:
    try:
        return future.exception(0.5)
    except TimeoutError:
        return None


def test_a_refusal_is_told_anew_each_time() -> None:
    kept, key = PreparedQueries(), photo_of(RED)

    def make(_: ANY) -> PreparedQuery:
        raise PhotoRejectedError(Rejection.CORRUPT, "it is broken")

    errors = []
    for _ in range(2):
        with pytest.raises(PhotoRejectedError) as raised:
            kept.get(key, make)
        errors.append(raised.value)
    assert errors[0] is not errors[1]
    assert [error.code for error in errors] == [Rejection.CORRUPT] * 2
