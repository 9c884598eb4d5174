"""Messages come twice, late, in any order, broken: nothing is lost, nothing doubled."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from tests.rehearsal.checker import Offered, drained, inferences
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


@pytest.mark.usefixtures("metered")
def test_copies_of_one_message_at_once_do_its_work_once(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    before = inferences(whole)
    upload = shop.offer(drawn[0], "item")
    shop.send("received", *[shop.notice(upload)] * COPIES)
    shop.settled(upload)
    shop.send("to-embed", *[shop.pointer(upload)] * COPIES)
    drained(whole)
    assert shop.findings() == []
    assert inferences(whole) - before == 1


@pytest.mark.usefixtures("metered")
def test_copies_of_one_photo_cost_one_inference(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    photo, before = drawn[1], inferences(whole)
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


def test_an_unusable_key_leaves_the_other_uploads_of_its_message_alone(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    with held(shop.whole, "prepare"):
        uploads = [shop.offer(photo, "item") for photo in drawn[:2]]
        notice = json.loads(shop.notice(uploads[0]))
        notice["Records"] += [{**notice["Records"][0], "s3": {"object": {"key": "uploads/readme.txt"}}}]
        notice["Records"] += json.loads(shop.notice(uploads[1]))["Records"]
        shop.send("received", json.dumps(notice))
    assert {shop.settled(upload)["status"] for upload in uploads} == {"indexed"}
    drained(shop.whole)
    assert shop.findings(dead=1) == []
    assert shop.take_dead_letters() == [json.dumps(notice)]


def test_of_several_photos_posted_by_one_form_the_first_counts(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    first, *others = drawn[:4]
    ticket = shop.request("item")
    upload = UploadId(ticket["upload"])
    with held(shop.whole, "prepare"):
        for photo in (first, others[0], b"broken"):
            assert shop.post(ticket["form"], photo).status_code == 204
    shop.offered.append(Offered(upload, ItemId("item"), first))
    assert shop.settled(upload)["status"] == "indexed"
    drained(shop.whole)
    before = shop.state(upload)
    for photo in others[1:]:
        assert shop.post(ticket["form"], photo).status_code == 204
    drained(shop.whole)
    assert shop.state(upload) == before
    assert shop.findings() == []
    part = {"left": 0, "top": 0, "right": 1, "bottom": 0.9}  # of the original
    assert shop.search(upload=upload, region=part).json() == shop.search(upload=twin(shop, first), region=part).json()


def twin(shop: Shop, photo: bytes) -> UploadId:
    """Another upload of the same photo, to search with."""
    upload = shop.offer(photo)
    shop.settled(upload)
    return upload


def test_more_bytes_than_any_form_allows_are_rejected_on_arrival(whole: Rehearsal, shop: Shop) -> None:
    ticket = shop.request()
    cloud = whole.cloud.rehearsed
    cloud.clients.s3.put_object(
        Bucket=cloud.outputs["photo_bucket"],
        Key=ticket["form"]["fields"]["key"],
        Body=b"\0" * (ticket["form"]["max_bytes"] + 1),
    )
    assert shop.settled(ticket["upload"], patience_s=20)["rejection"]["code"] == "too_many_bytes"
