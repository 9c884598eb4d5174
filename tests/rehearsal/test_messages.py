"""Messages come twice, late, in any order, broken; functions die at any moment: nothing is lost, nothing doubled."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Final

import httpx
import pytest

from infra.rehearsal.runner.gate import AwsCall
from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import Offered, drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal
from tests.rehearsal.wired import held, until

COPIES: Final = 64


@pytest.fixture(autouse=True)
def no_dead_letters_left(whole: Rehearsal) -> Iterator[None]:
    """Each test begins and ends with empty dead-letter queues."""
    with Shop(whole, "undertaker") as shop:
        shop.take_dead_letters()
        yield
        shop.take_dead_letters()


def inferences(whole: Rehearsal) -> int:
    """Photos that Triton has computed since it started."""
    told = httpx.get(f"{whole.triton.http}/v2/models/embedder/stats").json()
    return int(told["model_stats"][0]["inference_count"])


def unseen(photo: bytes) -> bytes:
    """The same picture under another hash, which no process remembers from an earlier test."""
    return photo + os.urandom(8)  # decoders do not look behind a JPEG's end


def test_copies_of_one_message_at_once_do_its_work_once(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    before = inferences(whole)
    upload = shop.offer(unseen(drawn[0]), "item")
    shop.send("received", *[shop.notice(upload)] * COPIES)
    shop.settled(upload)
    shop.send("to-embed", *[shop.pointer(upload)] * COPIES)
    drained(whole)
    assert shop.findings() == []
    assert inferences(whole) - before == 1


def test_copies_of_one_photo_cost_one_inference(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    photo, before = unseen(drawn[1]), inferences(whole)
    for number in range(8):
        shop.put_item(f"item-{number}")
    for number in range(8):
        shop.offer(photo, f"item-{number}")
    for offer in shop.offered:
        shop.settled(offer.upload)
    drained(whole)
    assert shop.findings() == []
    assert inferences(whole) - before == 1


def test_late_copies_change_nothing(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    uploads = [shop.offer(drawn[0], "item"), shop.offer(b"broken", "item"), shop.offer(drawn[1])]
    for upload in uploads:
        shop.settled(upload)
    drained(shop.whole)
    before = [shop.state(upload) for upload in uploads]
    for upload in reversed(uploads):
        shop.send("to-embed", shop.pointer(upload))
        shop.send("received", shop.notice(upload), shop.pointer(upload))
    drained(shop.whole)
    assert [shop.state(upload) for upload in uploads] == before
    assert shop.findings() == []


def test_a_pointer_may_overtake_its_notice(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    ticket = shop.request("item")
    shop.send("to-embed", shop.pointer(ticket["upload"]))
    assert shop.post(ticket["form"], drawn[0]).status_code == 204
    shop.offered.append(Offered(UploadId(ticket["upload"]), ItemId("item"), drawn[0]))
    assert shop.settled(ticket["upload"])["status"] == "indexed"
    drained(shop.whole)
    assert shop.findings() == []


def test_poison_ends_among_the_dead_letters_and_its_neighbours_do_not(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    poison = ["{", "[]", '{"catalogue": "NO", "upload": 1}', shop.pointer("never-requested-1")]
    shop.send("received", *poison)
    shop.send("to-embed", *poison[:3])
    uploads = [shop.offer(photo, "item") for photo in drawn[:4]]
    assert {shop.settled(upload)["status"] for upload in uploads} == {"indexed"}
    drained(shop.whole)
    assert shop.findings(dead=7) == []
    assert sorted(shop.take_dead_letters()) == sorted([*poison, *poison[:3]])


def test_what_lost_its_prepared_photo_is_prepared_anew(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    cloud = whole.cloud.rehearsed
    shop.put_item("item")
    with held(whole, "embed"):
        upload = shop.offer(drawn[2], "item")
        until(lambda: shop.state(upload)["status"] == "prepared")
        photo = shop.state(upload)["photo"]
        cloud.clients.s3.delete_object(Bucket=cloud.outputs["photo_bucket"], Key=f"prepared/{shop.catalogue}/{photo}")
    assert shop.settled(upload)["status"] == "indexed"
    drained(whole)
    assert shop.findings() == []


def test_what_was_removed_on_its_way_is_no_dead_letter(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    for item in ("item", "other"):
        shop.put_item(item)
    late = shop.request("other")
    with held(whole, "prepare"):
        shop.offer(drawn[0], "item")
        for item in ("item", "other"):
            assert shop.http.delete(f"/v1/items/{item}").status_code == 204
    assert shop.post(late["form"], drawn[1]).status_code == 204  # the form holds for ten minutes
    shop.offered.clear()
    drained(whole)
    assert shop.findings() == []


def test_more_bytes_than_any_form_allows_are_rejected_on_arrival(whole: Rehearsal, shop: Shop) -> None:
    ticket = shop.request()
    cloud = whole.cloud.rehearsed
    cloud.clients.s3.put_object(
        Bucket=cloud.outputs["photo_bucket"],
        Key=ticket["form"]["fields"]["key"],
        Body=b"\0" * (ticket["form"]["max_bytes"] + 1),
    )
    assert shop.settled(ticket["upload"], patience_s=20)["rejection"]["code"] == "too_many_bytes"


@contextmanager
def killing(whole: Rehearsal, function: str, at: int) -> Iterator[list[AwsCall]]:
    """Kill every process of `function` once its `at`-th call of AWS is done, before it learns so; yields its calls."""
    calls: list[AwsCall] = []
    lock = Lock()

    def after(call: AwsCall) -> None:
        if call.function != function:
            return
        with lock:
            calls.append(call)
            if len(calls) == at:
                for pid in whole.cloud.functions[function].pids():
                    os.kill(pid, signal.SIGKILL)

    before = whole.cloud.gate.after
    whole.cloud.gate.after = after
    try:
        yield calls
    finally:
        whole.cloud.gate.after = before


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("function", ["prepare", "embed"])
def test_a_function_may_die_after_any_of_its_steps(
    whole: Rehearsal, open_shop: Callable[[], Shop], drawn: list[bytes], function: str
) -> None:
    """One run for each call of AWS that the function makes, until it makes fewer than that."""
    for at in count(1):
        shop = open_shop()
        shop.put_item("item")
        with killing(whole, function, at) as calls:
            upload = shop.offer(drawn[at % len(drawn)], "item")
            assert shop.settled(upload)["status"] == "indexed"
            drained(whole)
        assert shop.findings() == [], f"{function} died after {calls[at - 1]}"
        if len(calls) < at:
            assert at > 5, f"{function} makes but few calls: {calls}"
            return


def test_a_request_whose_function_dies_is_answered_and_can_be_made_again(
    whole: Rehearsal, shop: Shop, drawn: list[bytes]
) -> None:
    shop.put_item("item")
    with killing(whole, "uploads", 1):
        refused = shop.http.post("/v1/uploads", json={"content_type": "image/jpeg", "item": "item"})
        assert refused.status_code == 500
    upload = shop.offer(drawn[0], "item")
    assert shop.settled(upload)["status"] == "indexed"
    drained(whole)
    assert shop.findings() == []
