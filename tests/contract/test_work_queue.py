import time
from collections.abc import Callable
from datetime import timedelta

from lookalike.ports.work_queue import Pointer, WorkQueue
from lookalike.testing.examples import OTHER_SHOP, SHOP, upload_id

Opened = tuple[WorkQueue, Callable[[], list[Pointer]]]


def test_everything_that_is_sent_comes_out(work_queue: Opened) -> None:
    queue, drain = work_queue
    pointers = [Pointer(SHOP, upload_id(n)) for n in range(5)]
    queue.send_many(pointers[:2])
    queue.send_many(pointers[2:])
    assert drain() == pointers
    assert drain() == []


def test_sending_twice_delivers_at_least_once(work_queue: Opened) -> None:
    queue, drain = work_queue
    pointer = Pointer(SHOP, upload_id(1))
    queue.send_many([pointer, pointer])
    queue.send_many([pointer])
    assert set(drain()) == {pointer}


def test_what_was_taken_may_be_sent_again(work_queue: Opened) -> None:
    queue, drain = work_queue
    pointer = Pointer(SHOP, upload_id(1))
    for _ in range(2):
        queue.send_many([pointer])
        assert drain() == [pointer]


def test_the_same_upload_id_in_two_catalogues_is_two_pieces_of_work(work_queue: Opened) -> None:
    queue, drain = work_queue
    both = {Pointer(SHOP, upload_id(1)), Pointer(OTHER_SHOP, upload_id(1))}
    queue.send_many(list(both))
    assert set(drain()) == both


def test_what_is_delayed_comes_later(work_queue: Opened) -> None:
    queue, drain = work_queue
    now, later = Pointer(SHOP, upload_id(1)), Pointer(SHOP, upload_id(2))
    queue.send_many([later], delay=timedelta(seconds=3))
    queue.send_many([now])
    assert drain() == [now]
    deadline, came = time.monotonic() + 30, list[Pointer]()
    while not came and time.monotonic() < deadline:
        came = drain()
    assert came == [later]


def test_sending_nothing_is_fine(work_queue: Opened) -> None:
    queue, drain = work_queue
    queue.send_many([])
    assert drain() == []
