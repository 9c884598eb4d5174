import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from itertools import islice

import pytest
from service_harness import SHOP, Works, item, photo_of, picture, pointer

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import ConflictError, InvalidRequestError, NotFoundError, Rejection, UnavailableError
from lookalike.services.expire_uploads import LIFETIME
from lookalike.testing import InMemoryPhotoStore

RED, BLUE = picture("red"), picture("blue")
A = ItemId("a")


@pytest.fixture
def selling(works: Works) -> Works:
    works.put(SHOP, [item("a")])
    return works


def test_an_items_photo_goes_all_the_way(selling: Works) -> None:
    upload = selling.request(SHOP, "image/jpeg", A).upload.id
    assert selling.status(upload) is UploadStatus.REQUESTED
    selling.receive(SHOP, {upload: RED})
    assert selling.status(upload) is UploadStatus.RECEIVED
    selling.prepare(selling.received.drain())
    assert selling.status(upload) is UploadStatus.PREPARED
    selling.index_photos(selling.to_embed.drain())
    assert selling.status(upload) is UploadStatus.INDEXED
    assert [event.kind for event in selling.events.tail(SHOP, 10)] == ["photo_indexed"]


def test_requests_that_cannot_be_right_are_refused(selling: Works) -> None:
    with pytest.raises(InvalidRequestError, match="content_type"):
        selling.request(SHOP, "text/html", A)
    with pytest.raises(NotFoundError):
        selling.request(SHOP, "image/jpeg", ItemId("gone"))


def test_bytes_come_once(selling: Works) -> None:
    upload = selling.send(RED, A)
    with pytest.raises(ConflictError):
        selling.receive(SHOP, {upload: BLUE})
    assert selling.photos.read_upload(SHOP, upload) == RED
    with pytest.raises(NotFoundError):
        selling.receive(SHOP, {UploadId.new(): RED})


class SlowStore(InMemoryPhotoStore):
    """Writes once `until` callers came, so that all of them are under way at once; fails where it is told to."""

    def __init__(self, until: int) -> None:
        super().__init__()
        self.all_here = threading.Barrier(until + 1)
        self.broken = False

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        self.all_here.wait(30)
        super().write_uploads(catalogue, originals)
        if self.broken:
            raise UnavailableError("died half way")


def test_of_many_writers_at_once_one_wins_and_its_bytes_stay() -> None:
    store = SlowStore(until=1)
    works = Works(photos=store)
    upload = works.request(SHOP, "image/jpeg").upload.id
    with ThreadPoolExecutor(8) as pool:
        sent = {pool.submit(works.receive, SHOP, {upload: bytes([n])}): bytes([n]) for n in range(8)}
        losers = list(islice(as_completed(sent, 30), 7))
        store.all_here.wait(30)
    assert {type(future.exception()) for future in losers} == {ConflictError}
    (winner,) = sent.keys() - set(losers)
    assert winner.exception() is None
    assert store.read_upload(SHOP, upload) == sent[winner]
    assert len(works.received.pointers) == 1


def test_a_write_that_fails_half_way_leaves_the_form_usable() -> None:
    store = SlowStore(until=0)
    works = Works(photos=store)
    upload = works.request(SHOP, "image/jpeg").upload.id
    store.broken = True
    with pytest.raises(UnavailableError):
        works.receive(SHOP, {upload: RED})
    store.broken = False
    works.receive(SHOP, {upload: BLUE})
    assert (store.read_upload(SHOP, upload), works.status(upload)) == (BLUE, "received")


@pytest.mark.parametrize("status", ["received", "failed", "prepared", "rejected"])
def test_a_form_is_spent_once_its_bytes_are_there(selling: Works, status: str) -> None:
    upload = selling.send(b"no photo" if status == "rejected" else RED, A)
    if status == "failed":
        selling.ledger.advance_many([selling.upload(upload).failed("a step broke", selling.clock.now())])
    elif status != "received":
        selling.prepare(selling.received.drain())
    assert selling.status(upload) == status
    with pytest.raises(ConflictError):
        selling.receive(SHOP, {upload: BLUE})


def test_a_rejected_photo_does_not_hold_up_its_neighbours(selling: Works) -> None:
    bad, good = selling.send(b"no photo", A), selling.send(RED, A)
    outcomes = selling.prepare(selling.received.drain())
    assert all(outcome.done for outcome in outcomes)
    selling.index_photos(selling.to_embed.drain())
    assert (selling.status(bad), selling.status(good)) == ("rejected", "indexed")
    assert selling.upload(bad).rejection is Rejection.NOT_AN_IMAGE
    assert selling.upload(bad).detail


def test_messages_that_are_early_come_again(selling: Works) -> None:
    upload = selling.request(SHOP, "image/jpeg", A).upload.id
    (early,) = selling.prepare([pointer(upload)])
    assert not early.done
    (too_early,) = selling.index_photos([pointer(upload)])
    assert not too_early.done
    selling.receive(SHOP, {upload: RED})
    selling.work()
    assert selling.status(upload) is UploadStatus.INDEXED


def test_a_photo_to_search_with_is_looked_at_and_not_stored(works: Works) -> None:
    good, bad = works.send(RED), works.send(b"no photo")
    works.work()
    assert (works.status(good), works.status(bad)) == ("prepared", "rejected")
    assert works.photos.read_prepared(SHOP, [photo_of(RED)]) == {}
    assert works.ledger.find_photos(SHOP, [photo_of(RED)]) == {}
    with pytest.raises(NotFoundError):
        works.photos.read_thumbnail(SHOP, photo_of(RED))


def test_a_message_about_nothing_is_a_failure_for_prepare_and_nothing_to_do_for_index(works: Works) -> None:
    unknown = pointer(UploadId.new())
    assert not works.prepare([unknown])[0].done
    assert works.index_photos([unknown])[0].done


def test_when_the_model_is_down_the_work_waits(selling: Works) -> None:
    upload = selling.send(RED, A)
    selling.prepare(selling.received.drain())
    pointers = selling.to_embed.drain()
    selling.embedder.refusal = UnavailableError("down")
    with pytest.raises(UnavailableError):
        selling.index_photos(pointers)
    assert selling.status(upload) is UploadStatus.PREPARED
    selling.embedder.refusal = None
    selling.index_photos(pointers)
    assert selling.status(upload) is UploadStatus.INDEXED


def test_a_queue_that_is_down_is_made_up_for_by_the_message_coming_again(selling: Works) -> None:
    upload = selling.send(RED, A)
    pointers = selling.received.drain()
    selling.to_embed.refusal = UnavailableError("down")
    with pytest.raises(UnavailableError):
        selling.prepare(pointers)
    selling.to_embed.refusal = None
    selling.prepare(pointers)
    selling.index_photos(selling.to_embed.drain())
    assert selling.status(upload) is UploadStatus.INDEXED


def test_a_lost_prepared_photo_is_made_again(selling: Works) -> None:
    upload = selling.send(RED, A)
    selling.prepare(selling.received.drain())
    selling.photos.delete_prepared(SHOP, [photo_of(RED)])
    (outcome,) = selling.index_photos(selling.to_embed.drain())
    assert (outcome.done, selling.status(upload)) == (True, UploadStatus.FAILED)
    assert selling.received.pointers == [pointer(upload)]
    selling.work()
    assert selling.status(upload) is UploadStatus.INDEXED


def test_what_was_written_over_an_original_is_not_prepared_in_its_place(selling: Works) -> None:
    upload = selling.send(RED, A)
    selling.prepare(selling.received.drain())
    selling.photos.delete_prepared(SHOP, [photo_of(RED)])
    selling.index_photos(selling.to_embed.drain())
    selling.photos.write_uploads(SHOP, {upload: BLUE})
    (outcome,) = selling.prepare(selling.received.drain())
    assert outcome.error == "its original was replaced"
    assert selling.status(upload) is UploadStatus.FAILED
    assert selling.to_embed.drain() == []


def test_a_prepared_photo_that_is_damaged_is_made_again_and_its_neighbours_go_on(selling: Works) -> None:
    damaged, whole = selling.send(RED, A), selling.send(BLUE, A)
    selling.prepare(selling.received.drain())
    selling.photos.write_prepared(SHOP, {photo_of(RED): b"cut off by a power cut"})
    selling.index_photos(selling.to_embed.drain())
    assert (selling.status(damaged), selling.status(whole)) == (UploadStatus.FAILED, UploadStatus.INDEXED)
    selling.work()
    assert selling.status(damaged) is UploadStatus.INDEXED


def test_what_could_not_be_sent_back_is_when_its_message_comes_again(selling: Works) -> None:
    upload = selling.send(RED, A)
    selling.prepare(selling.received.drain())
    selling.photos.delete_prepared(SHOP, [photo_of(RED)])
    pointers = selling.to_embed.drain()
    selling.received.refusal = UnavailableError("down")
    with pytest.raises(UnavailableError):
        selling.index_photos(pointers)
    selling.received.refusal = None
    selling.index_photos(pointers)
    selling.work()
    assert selling.status(upload) is UploadStatus.INDEXED


def test_what_comes_to_nothing_is_forgotten_after_a_day_and_the_rest_stays(selling: Works) -> None:
    sold = selling.send(RED, A)
    shopper = selling.send(BLUE)
    same = selling.send(RED)  # a shopper who asks with the shop's own picture
    asked = selling.request(SHOP, "image/jpeg", A).upload.id
    selling.work()
    assert selling.expire(SHOP) == 0
    selling.clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())
    assert selling.expire(SHOP) == 3
    assert set(selling.ledger.find_uploads(SHOP, [sold, shopper, same, asked])) == {sold}
    assert set(selling.ledger.find_photos(SHOP, [photo_of(RED), photo_of(BLUE)])) == {photo_of(RED)}
    assert selling.photos.read_thumbnail(SHOP, photo_of(RED))
