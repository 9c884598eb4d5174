"""Sixty-four of the same at once: one inference, one entry, and every upload ends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final

import pytest

from tests.rehearsal.checker import depths, drained, inferences
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal
from tests.rehearsal.wired import held, until, wired

pytestmark = pytest.mark.usefixtures("metered")
CROWD: Final = 64
_shops = count(1)


@pytest.fixture(scope="module")
def one_at_a_time(whole: Rehearsal) -> Iterator[Rehearsal]:
    """A cloud that runs one process of each function."""
    with wired(whole, retry_after_s=1) as made:
        yield made.whole


def crowd(whole: Rehearsal, shop: Shop, photo: bytes, processes: int) -> int:
    """A photo comes in, and each of its messages `CROWD` times, to so many processes at once; its inferences."""
    shop.put_item("item")
    before = inferences(whole)
    with held(whole, "embed") as embedding:
        with held(whole, "prepare"):
            upload = shop.offer(photo, "item")
            shop.send("received", *[shop.notice(upload)] * (CROWD - 1))
            assert depths(whole)["received"] >= CROWD  # S3 has tested the queue, too
        until(lambda: len(embedding) == 1)
        shop.send("to-embed", *[shop.pointer(upload)] * (CROWD - 1))
        until(lambda: len(embedding) == processes)
        assert depths(whole)["to-embed"] >= CROWD
    assert shop.settled(upload)["status"] == "indexed"
    drained(whole)
    assert shop.findings() == []
    return inferences(whole) - before


def test_copies_of_a_message_cost_one_inference(one_at_a_time: Rehearsal, drawn: list[bytes]) -> None:
    with Shop(one_at_a_time, f"crowd-{next(_shops)}") as shop:
        assert crowd(one_at_a_time, shop, drawn[0], processes=1) == 1


def test_processes_that_meet_at_a_photo_cost_one_inference(whole: Rehearsal, drawn: list[bytes]) -> None:
    with Shop(whole, f"crowd-{next(_shops)}") as shop:
        assert crowd(whole, shop, drawn[0], processes=2) == 1


def test_clients_with_one_photo_each_for_an_item_of_its_own_cost_one_inference(
    whole: Rehearsal, drawn: list[bytes]
) -> None:
    """Two processes of each function work them off."""
    with Shop(whole, f"crowd-{next(_shops)}") as shop:
        for number in range(CROWD):
            shop.put_item(f"item-{number}")
        before = inferences(whole)
        with ThreadPoolExecutor(CROWD) as clients:
            uploads = list(clients.map(lambda number: shop.offer(drawn[1], f"item-{number}"), range(CROWD)))
        assert {shop.settled(upload)["status"] for upload in uploads} == {"indexed"}
        drained(whole)
        assert shop.findings() == []
        assert inferences(whole) - before == 1
