"""An item is removed while its photo is on its way: whichever comes first, nothing of it is left."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_harness import SHOP, Works, item, photo_of, picture, pointer
from turns import Actor, take_turns

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import UnavailableError
from lookalike.services.outcome import Outcome
from lookalike.services.remove_items import RemoveItems
from lookalike.testing import InMemoryPhotoStore

RED = picture("red", size=32)
PHOTO = photo_of(RED)
A, B = ItemId("a"), ItemId("b")
CALLS = 20
"""More than either makes, so that a turn comes at the very end as well."""


def selling(*names: str) -> Works:
    works = Works()
    works.put(SHOP, [item(name) for name in names])
    return works


def preparing(works: Works, upload: UploadId) -> Actor:
    return Actor(works, lambda its: its.prepare([pointer(upload)]))


def indexing(works: Works, upload: UploadId) -> Actor:
    return Actor(works, lambda its: its.index_photos([pointer(upload)]))


def removing(works: Works, name: ItemId) -> Actor:
    return Actor(works, lambda its: its.remove(SHOP, [name]))


def come_again(works: Works, uploads: Sequence[UploadId]) -> None:
    for _ in range(4):
        works.prepare([*map(pointer, uploads), *works.received.drain()])
        works.index_photos([*map(pointer, uploads), *works.to_embed.drain()])


def left_of(works: Works) -> dict[str, object]:
    """What there is of uploads and photos, by where it is."""
    photos = works.photos
    left = {
        "originals": set(photos.uploads),
        "prepared": set(photos.prepared),
        "thumbnails": set(photos.thumbnails),
        "photos": set(works.ledger.find_photos(SHOP, [PHOTO])),
        "uploads": {upload.id for upload in works.ledger.uploads_in(SHOP, list(UploadStatus), 10)},
        "entries": works.entries(),
    }
    return {where: what for where, what in left.items() if what}


@pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 0)], ids=["removed-meanwhile", "prepared-meanwhile"])
@pytest.mark.parametrize("is_received", [False, True], ids=["as-the-bucket-tells", "received-by-us"])
@pytest.mark.parametrize("calls", range(CALLS))
def test_prepared_and_removed_at_any_moment_of_each_other(calls: int, is_received: bool, first: int, then: int) -> None:
    works = selling("a")
    upload = sent(works, A, is_received=is_received)
    take_turns([preparing(works, upload), removing(works, A)], [first] * calls + [then] * CALLS)
    come_again(works, [upload])
    assert left_of(works) == {}


@pytest.mark.parametrize("calls", range(CALLS))
def test_indexed_at_any_moment_of_being_removed(calls: int) -> None:
    works = selling("a")
    upload = sent(works, A)
    works.prepare([pointer(upload)])
    take_turns([removing(works, A), indexing(works, upload)], [0] * calls + [1] * CALLS)
    come_again(works, [upload])
    assert left_of(works) == {}


@settings(max_examples=100, deadline=None)
@given(order=st.lists(st.integers(0, 3), max_size=80), is_received=st.booleans())
def test_removed_while_its_message_is_worked_off_twice_and_indexed(order: list[int], is_received: bool) -> None:
    works = selling("a")
    upload = sent(works, A, is_received=is_received)
    actors = [preparing(works, upload), removing(works, A), preparing(works, upload), indexing(works, upload)]
    take_turns(actors, order)
    come_again(works, [upload])
    assert left_of(works) == {}


@pytest.mark.parametrize("calls", range(CALLS))
def test_another_item_of_the_same_photo_is_indexed_all_the_same(calls: int) -> None:
    works = selling("a", "b")
    ours, theirs = sent(works, A), sent(works, B)
    take_turns([preparing(works, ours), removing(works, A), preparing(works, theirs)], [0] * calls + [1] * CALLS)
    come_again(works, [ours, theirs])
    assert works.status(theirs) is UploadStatus.INDEXED
    assert set(works.photos.uploads) == {(SHOP, theirs)}
    assert works.photos.read_thumbnail(SHOP, PHOTO)


def test_a_photo_that_another_item_shows_by_now_stays() -> None:
    works = selling("a", "b")
    ours, theirs = sent(works, A), sent(works, B)
    late = preparing(works, ours)

    def overtaking(its: Works) -> None:
        come_again(its, [theirs])
        its.remove(SHOP, [A])

    take_turns([late, Actor(works, overtaking)], [0] * 5 + [1] * 200)
    come_again(works, [ours])
    assert works.photos.read_thumbnail(SHOP, PHOTO)
    assert set(works.ledger.find_photos(SHOP, [PHOTO])) == {PHOTO}


def test_an_upload_opened_just_as_its_item_went_leaves_nothing() -> None:
    works = selling("a")
    upload = sent(works, A)
    works.prepare([pointer(upload)])
    works.items.remove_many(SHOP, [A])
    come_again(works, [upload])
    assert left_of(works) == {}


def test_what_a_broken_removal_stopped_comes_again_and_goes_with_the_next_one() -> None:
    class Down(InMemoryPhotoStore):
        def delete_photos(self, *_: object) -> None:
            raise UnavailableError("down")

    works = selling("a")
    upload = sent(works, A, is_received=True)
    late = Actor(works, lambda its: outcomes.extend(its.prepare([pointer(upload)])))
    outcomes: list[Outcome] = []
    broken = RemoveItems(works.ledger, Down(), works.items, works.index, works.events, works.clock)

    def remove(_: Works) -> None:
        with pytest.raises(UnavailableError):
            broken(SHOP, [A])

    take_turns([late, Actor(works, remove)], [0] * 3 + [1] * CALLS)
    assert [outcome.error for outcome in outcomes] == ["it was stopped while it was prepared"]
    assert works.remove(SHOP, [A]) == [A]
    assert left_of(works) == {}


def sent(works: Works, name: ItemId, *, is_received: bool = False) -> UploadId:
    """An upload whose bytes are there: of which the bucket tells, or which we took in."""
    upload = works.request(SHOP, "image/jpeg", name).upload.id
    if is_received:
        works.receive(SHOP, {upload: RED})
    else:
        works.photos.write_uploads(SHOP, {upload: RED})
    return upload
