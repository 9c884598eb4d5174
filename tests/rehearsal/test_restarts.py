"""A part goes away while photos are on their way, and comes back: nothing is lost; search says when to ask again."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import httpx
import pytest

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import Offered, drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal
from tests.rehearsal.wired import Wired

_shops = count(1)


@pytest.fixture
def shop(patient: Wired) -> Iterator[Shop]:
    with Shop(patient.whole, f"restart-{next(_shops)}") as opened:
        yield opened


@contextmanager
def triton_away(whole: Rehearsal) -> Iterator[None]:
    whole.standing_triton.stop()
    try:
        yield
    finally:
        whole.standing_triton.start_again()


@contextmanager
def opensearch_away(whole: Rehearsal) -> Iterator[None]:
    whole.standing_opensearch.stop()
    try:
        yield
    finally:
        whole.standing_opensearch.start_again()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("away", [triton_away, opensearch_away])
def test_a_backlog_is_kept_and_worked_off(
    shop: Shop, drawn: list[bytes], away: Callable[[Rehearsal], AbstractContextManager[None]]
) -> None:
    shop.put_item("item")
    first = shop.offer(drawn[0], "item")
    shop.settled(first)
    uploads = [shop.offer(photo, "item") for photo in drawn[1:5]]
    with away(shop.whole):
        uploads += [shop.offer(photo, "item") for photo in drawn[5:8]]
        asked = time.monotonic()
        refused = shop.search(upload=first)
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["Retry-After"]) >= 1
        assert time.monotonic() - asked < 25
    for upload in uploads:
        assert shop.settled(upload)["status"] == "indexed"
    drained(shop.whole)
    assert shop.findings() == []
    found = shop.search(upload=first, k=1).json()["neighbours"]
    assert found[0]["reason"] == "exact"


def test_the_front_restarts_in_mid_flow(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    forms = [shop.request("item") for _ in range(3)]
    shop.whole.cloud.front.stop()
    with pytest.raises(httpx.HTTPError):
        shop.http.get("/v1/health")
    for photo, ticket in zip(drawn, forms, strict=False):
        assert shop.post(ticket["form"], photo).status_code == 204  # forms go to the bucket, not to the front
        shop.offered.append(Offered(UploadId(ticket["upload"]), ItemId("item"), photo))
    shop.whole.cloud.front.start_again()
    assert {shop.settled(ticket["upload"])["status"] for ticket in forms} == {"indexed"}
    drained(shop.whole)
    assert shop.findings() == []
