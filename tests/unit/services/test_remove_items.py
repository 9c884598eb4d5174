import pytest
from service_harness import SHOP, Works, item, photo_of, picture, pointer

from lookalike.domain.item import ItemId
from lookalike.domain.query import ByPhoto, Query
from lookalike.domain.upload import UploadId
from lookalike.errors import NotFoundError

RED, BLUE = picture("red"), picture("blue")


def test_nothing_is_left_behind(works: Works) -> None:
    (told,) = works.run_import((item("a"), RED))
    assert told.upload is not None
    assert works.remove(SHOP, [ItemId("a"), ItemId("never-there")]) == ["a"]
    photo = photo_of(RED)
    assert works.items.get_many(SHOP, [ItemId("a")]) == {}
    assert works.entries() == 0
    assert works.ledger.find_photos(SHOP, [photo]) == {}
    assert works.ledger.uploads_of_items(SHOP, [ItemId("a")]) == []
    assert works.photos.read_prepared(SHOP, [photo]) == {}
    for read in (
        lambda: works.photos.read_thumbnail(SHOP, photo),
        lambda: works.photos.read_upload(SHOP, told.upload.id),
    ):
        with pytest.raises(NotFoundError):
            read()


def test_a_photo_that_shows_another_item_stays(works: Works) -> None:
    works.run_import((item("a"), RED), (item("b"), RED))
    works.remove(SHOP, [ItemId("a")])
    found = works.find(SHOP, Query(ByPhoto(RED)))
    assert [neighbour.item.id for neighbour in found.neighbours] == ["b"]
    assert works.photos.read_thumbnail(SHOP, photo_of(RED))


def test_removing_again_changes_nothing(works: Works) -> None:
    works.run_import((item("a"), RED), (item("b"), BLUE))
    works.remove(SHOP, [ItemId("a")])
    assert works.remove(SHOP, [ItemId("a")]) == []
    assert works.entries() == 1


def test_what_was_under_way_comes_to_rest(works: Works) -> None:
    works.put(SHOP, [item("a")])
    upload = works.send(RED, ItemId("a"))
    works.prepare(works.received.drain())
    works.remove(SHOP, [ItemId("a")])
    outcomes = works.index_photos(works.to_embed.drain())
    assert all(outcome.done for outcome in outcomes)
    assert works.entries() == 0
    assert works.ledger.find_uploads(SHOP, [upload]) == {}


def test_a_message_about_what_was_removed_is_done(works: Works) -> None:
    works.put(SHOP, [item("a")])
    upload = works.send(RED, ItemId("a"))
    works.remove(SHOP, [ItemId("a")])
    assert all(outcome.done for outcome in works.prepare(works.received.drain()))
    assert works.photos.read_prepared(SHOP, [photo_of(RED)]) == {}
    assert works.to_embed.drain() == []
    assert works.ledger.find_uploads(SHOP, [upload]) == {}


def test_bytes_that_arrive_after_their_item_was_removed_go_too(works: Works) -> None:
    works.put(SHOP, [item("a")])
    upload = works.request(SHOP, "image/jpeg", ItemId("a")).upload.id
    works.remove(SHOP, [ItemId("a")])
    works.photos.write_uploads(SHOP, {upload: RED})  # the form held for ten minutes
    never = UploadId.new()
    works.photos.write_uploads(SHOP, {never: RED})
    outcomes = {outcome.pointer.upload: outcome for outcome in works.prepare([pointer(upload), pointer(never)])}
    assert outcomes[upload].done
    assert "nobody requested" in outcomes[never].error
    with pytest.raises(NotFoundError):
        works.photos.read_upload(SHOP, upload)
    assert works.photos.read_upload(SHOP, never) == RED


def test_a_photo_on_its_way_to_another_item_survives(works: Works) -> None:
    works.run_import((item("a"), RED))
    works.put(SHOP, [item("b")])
    upload = works.send(RED, ItemId("b"))
    works.prepare(works.received.drain())
    works.remove(SHOP, [ItemId("a")])
    works.index_photos(works.to_embed.drain())  # sends it back, because what was prepared went with the other item
    works.work()
    assert works.upload(upload).status == "indexed"
    assert works.entries() == 1
