"""A part goes away while photos are on their way, and comes back: nothing is lost; search says when to ask again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import Offered, drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal

RETRY_AFTER_S = 20
"""Between a second and AWS's minutes: five tries have to outlast the start of a server."""


@pytest.fixture
def patient(whole: Rehearsal) -> Iterator[None]:
    before = {runner: runner.retry_after_s for runner in whole.cloud.mappings.values()}
    for runner in before:
        runner.retry_after_s = RETRY_AFTER_S
    yield
    for runner, seconds in before.items():
        runner.retry_after_s = seconds


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
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("away", [triton_away, opensearch_away])
def test_a_backlog_is_kept_and_worked_off(
    whole: Rehearsal, shop: Shop, drawn: list[bytes], away: Callable[[Rehearsal], Iterator[None]]
) -> None:
    shop.put_item("item")
    first = shop.offer(drawn[0], "item")
    shop.settled(first)
    uploads = [shop.offer(photo, "item") for photo in drawn[1:5]]
    with away(whole):  # type: ignore[attr-defined] # a context manager
        uploads += [shop.offer(photo, "item") for photo in drawn[5:8]]
        asked = time.monotonic()
        refused = shop.search(upload=first)
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["Retry-After"]) >= 1
        assert time.monotonic() - asked < 25
    for upload in uploads:
        assert shop.settled(upload)["status"] == "indexed"
    drained(whole)
    assert shop.findings() == []
    found = shop.search(upload=first, k=1).json()["neighbours"]
    assert found[0]["reason"] == "exact"


def test_the_front_restarts_in_mid_flow(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    forms = [shop.request("item") for _ in range(3)]
    whole.cloud.front.stop()
    with pytest.raises(httpx.HTTPError):
        shop.http.get("/v1/health")
    for photo, ticket in zip(drawn, forms, strict=False):
        assert shop.post(ticket["form"], photo).status_code == 204  # forms go to the bucket, not to the front
        shop.offered.append(Offered(UploadId(ticket["upload"]), ItemId("item"), photo))
    whole.cloud.front.start_again()
    assert {shop.settled(ticket["upload"])["status"] for ticket in forms} == {"indexed"}
    drained(whole)
    assert shop.findings() == []
