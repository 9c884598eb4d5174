"""Triton and OpenSearch are killed outright at their work, or hang: nothing is lost, and search says when to ask again.

(Servers that stop in order, and the HTTP front, are `test_restarts`'.)
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Any

import httpx
import pytest

from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal, Standing
from tests.rehearsal.wired import Wired, until

_shops = count(1)


def triton(whole: Rehearsal) -> Standing[Any]:
    return whole.standing_triton


def opensearch(whole: Rehearsal) -> Standing[Any]:
    return whole.standing_opensearch


Server = Callable[[Rehearsal], Standing[Any]]


@contextmanager
def killed(patient: Wired, server: Server, when: str, effect: str, bring: Callable[[], Any]) -> Iterator[None]:
    """`bring` work, and kill the server just before or after that effect of `embed`; it comes back when this ends."""
    standing, lock, dead = server(patient.whole), Lock(), []

    def kill(each: str) -> None:
        with lock:
            if not dead and effect in each:
                dead.append(each)
                os.kill(standing.server.pid, signal.SIGKILL)

    with patient.wire.watched("embed", **{when: kill}):
        bring()
        until(lambda: bool(dead))
    standing.stop()
    try:
        yield
    finally:
        standing.start_again()


@contextmanager
def hung(whole: Rehearsal, server: Server) -> Iterator[None]:
    """It takes connections and does not answer."""
    pid = server(whole).server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def assert_refused(shop: Shop, asked_with: UploadId) -> None:
    """Search answers by itself: a function that outlives its time is killed, and answered for without `Retry-After`."""
    searchers = shop.whole.cloud.functions["search"].pids()
    refused = shop.search(upload=asked_with)
    assert refused.status_code == 503, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert shop.whole.cloud.functions["search"].pids() == searchers


def answer(shop: Shop, asked_with: UploadId) -> Any:
    """What a shopper sees who asks again for as long as asked to."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(shop.search(upload=asked_with, k=1))
        return answers[-1].status_code == 200

    until(answered)
    return answers[-1].json()["neighbours"]


@contextmanager
def searched_shop(whole: Rehearsal, drawn: list[bytes]) -> Iterator[tuple[Shop, UploadId]]:
    """A catalogue whose first photo can be found, and another upload of that photo, never asked with."""
    with Shop(whole, f"server-{next(_shops)}") as shop:
        for number in range(8):
            shop.put_item(f"item-{number}")
        first, asked_with, other = shop.offer(drawn[0], "item-0"), shop.offer(drawn[1]), shop.offer(drawn[0])
        for upload in (first, asked_with, other):
            shop.settled(upload)
        assert answer(shop, other)[0]["reason"] == "exact"
        yield shop, asked_with


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("server", "when", "effect"),
    [(triton, "before", "ModelInfer"), (opensearch, "before", "_bulk"), (opensearch, "after", "_bulk")],
    ids=["model asked", "entries on their way", "entries written"],
)
def test_killed_at_its_work(patient: Wired, drawn: list[bytes], server: Server, when: str, effect: str) -> None:
    with searched_shop(patient.whole, drawn) as (shop, asked_with):
        photos = iter(enumerate(drawn[2:8], start=2))

        def bring() -> None:
            for _ in range(3):
                number, photo = next(photos)
                shop.offer(photo, f"item-{number}")

        with killed(patient, server, when, effect, bring):
            bring()  # the backlog is kept
            assert_refused(shop, asked_with)
        assert len(answer(shop, asked_with)) == 1
        for offer in shop.offered:
            shop.settled(offer.upload)
        drained(patient.whole)
        assert shop.findings() == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", [triton, opensearch])
def test_hangs(whole: Rehearsal, drawn: list[bytes], server: Server) -> None:
    with searched_shop(whole, drawn) as (shop, asked_with):
        with hung(whole, server):
            shop.offer(drawn[2], "item-2")
            assert_refused(shop, asked_with)
        assert len(answer(shop, asked_with)) == 1
        shop.settled(shop.offered[-1].upload)
        drained(whole)
        assert shop.findings() == []
