from collections.abc import Iterator
from pathlib import Path

import pytest
from service_harness import OTHER, SHOP, Works, item, photo_of, picture

from lookalike.domain.query import ByPhoto, Query
from lookalike.domain.upload import UploadStatus
from lookalike.errors import Rejection, UnavailableError
from lookalike.ports.catalogue import Imported, NewPhoto
from lookalike.services.import_photos import BATCH

RED, BLUE = picture("red"), picture("blue")


def test_what_is_told_as_indexed_is_found(works: Works) -> None:
    (told,) = works.run_import((item("a"), RED))
    assert told.upload is not None
    assert told.upload.status is UploadStatus.INDEXED
    found = works.find(SHOP, Query(ByPhoto(RED)))
    assert [neighbour.item.id for neighbour in found.neighbours] == ["a"]


def test_importing_again_does_no_work(works: Works) -> None:
    works.run_import((item("a"), RED), (item("b"), BLUE))
    before = (works.inferences, works.entries(), len(works.events.tail(SHOP, 100)))
    again = works.run_import((item("a"), RED), (item("b"), BLUE))
    assert all(told.already_there for told in again)
    assert (works.inferences, works.entries(), len(works.events.tail(SHOP, 100))) == before


def test_one_photo_of_two_items_costs_one_inference_and_finds_both(works: Works) -> None:
    works.run_import((item("a"), RED), (item("b"), RED))
    assert works.inferences == 1
    found = works.find(SHOP, Query(ByPhoto(RED)))
    assert {neighbour.item.id for neighbour in found.neighbours} == {"a", "b"}


def test_the_same_photo_twice_for_one_item_is_one_entry(works: Works) -> None:
    works.run_import((item("a"), RED), (item("a"), RED))
    assert (works.entries(), works.items.get_many(SHOP, [item("a").id])[item("a").id].photos) == (1, (photo_of(RED),))


def test_a_changed_description_is_taken_over_without_new_work(works: Works) -> None:
    works.run_import((item("a"), RED))
    works.run_import((item("a", "hat", "colour:red"), RED))
    stored = works.items.get_many(SHOP, [item("a").id])[item("a").id]
    assert (stored.category, stored.photos, works.inferences) == ("hat", (photo_of(RED),), 1)


def test_every_fault_is_told_in_its_place(works: Works, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(bytes(works.limits.max_bytes + 1))
    photos = [
        NewPhoto(item("a"), RED, "good"),
        NewPhoto(item("b"), b"", "empty"),
        NewPhoto(item("c"), b"nothing like a photo", "text"),
        NewPhoto(item("d"), RED[:200], "cut"),
        NewPhoto(item("e"), tmp_path / "gone.jpg", "gone"),
        NewPhoto(item("f"), tmp_path, "folder"),
        NewPhoto(item("g"), tmp_path / "large.jpg", "large"),
        NewPhoto(item("h"), BLUE, "good too"),
    ]
    told = list(works.bring_in(SHOP, photos))
    assert [one.photo.source for one in told] == [photo.source for photo in photos]
    assert [one.upload.rejection if one.upload else "unread" for one in told] == [
        None, Rejection.EMPTY, Rejection.NOT_AN_IMAGE, Rejection.TRUNCATED, "unread", "unread", "unread", None,
    ]  # fmt: skip
    assert all(one.error for one in told[1:7])
    assert works.entries() == 2


def test_rejected_photos_are_told_again_without_decoding(works: Works) -> None:
    first = works.run_import((item("a"), b"no photo"))
    again = works.run_import((item("a"), b"no photo"))
    assert [one.error for one in again] == [one.error for one in first]
    assert not again[0].already_there


def test_order_is_kept_over_many_batches(works: Works) -> None:
    numbers = range(2 * BATCH + 16)
    photos = [NewPhoto(item(f"i{at}"), picture(f"rgb({at},90,90)", size=32), str(at)) for at in numbers]
    assert [one.photo.source for one in works.bring_in(SHOP, photos)] == [str(at) for at in numbers]
    assert works.entries() == len(photos)


def test_catalogues_do_not_meet(works: Works) -> None:
    works.run_import((item("a"), RED))
    works.run_import((item("a"), BLUE), catalogue=OTHER)
    found = works.find(SHOP, Query(ByPhoto(BLUE)))
    assert [neighbour.photo for neighbour in found.neighbours] == [photo_of(RED)]


def test_an_import_that_broke_off_is_completed_by_the_next(works: Works) -> None:
    works.embedder.refusal = UnavailableError("the model is down")
    with pytest.raises(UnavailableError):
        works.run_import((item("a"), RED), (item("b"), BLUE))
    assert works.entries() == 0
    works.embedder.refusal = None
    told = works.run_import((item("a"), RED), (item("b"), BLUE))
    assert [one.upload.status for one in told if one.upload] == [UploadStatus.INDEXED] * 2
    assert works.entries() == 2


def test_prepared_photos_may_be_dropped_once_indexed() -> None:
    works = Works(keep_prepared=False)
    works.run_import((item("a"), RED))
    assert works.photos.read_prepared(SHOP, [photo_of(RED)]) == {}
    works.run_import((item("b"), RED))
    assert (works.entries(), works.inferences) == (2, 1)
    works.remove(SHOP, [item("a").id, item("b").id])
    works.run_import((item("c"), RED))
    assert works.entries() == 1


def until_it_raises(kind: type[BaseException], settled: Iterator[Imported]) -> list[Imported]:
    told = list[Imported]()
    while True:
        try:
            told.append(next(settled))
        except kind:
            return told


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), UnavailableError("the disk is gone")], ids=["Ctrl-C", "error"])
@pytest.mark.parametrize("after", [0, 1, BATCH, BATCH + 1, 2 * BATCH + 2])
def test_what_was_finished_is_told_before_the_error(works: Works, after: int, fault: BaseException) -> None:
    def photos() -> Iterator[NewPhoto]:
        for at in range(after):
            yield NewPhoto(item(f"i{at}"), picture(f"rgb({at},90,90)", size=32), str(at))
        raise fault

    told = until_it_raises(type(fault), works.bring_in(SHOP, photos()))
    assert {one.photo.source for one in told} == {str(at) for at in range(after // BATCH * BATCH)}


def test_a_model_that_dies_half_way_leaves_true_counts(works: Works) -> None:
    def photos() -> Iterator[NewPhoto]:
        for at in range(3 * BATCH):
            if at == 2 * BATCH:
                works.embedder.refusal = UnavailableError("the model is down")
            yield NewPhoto(item(f"i{at}"), picture(f"rgb({at},90,90)", size=32), str(at))

    told = until_it_raises(UnavailableError, works.bring_in(SHOP, photos()))
    assert len(told) >= BATCH
    assert sum(one.upload is not None and one.upload.status is UploadStatus.INDEXED for one in told) == works.entries()
