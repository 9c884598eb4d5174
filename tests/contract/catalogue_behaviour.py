"""What a catalogue does wherever it lives; whoever opens one runs these tests over it.

A subclass gives the fixture `open_catalogue`, of its class, which opens a new, empty catalogue each time it is called.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.label import Label
from lookalike.domain.neighbour import Reason
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Query, Region, Subject
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import (
    InvalidRequestError,
    LookalikeError,
    NotFoundError,
    PhotoRejectedError,
    Rejection,
    UnknownFacetError,
    VersionMismatchError,
)
from lookalike.ports.catalogue import Catalogue, Imported, NewPhoto
from lookalike.sample import draw_catalogue

OpenCatalogue = Callable[[], Catalogue]
STOCK = 6
OF_ANOTHER_MODEL = Embedding(np.ones(256, np.float32), ModelVersion("other-000000000000-p1"))


def item(name: str, category: str = "dress", *labels: str) -> Item:
    attributes = {"price": 12.5, "stock": 3, "new": True, "since": date(2026, 1, 31), "note": "2026-01-31"}
    parsed = frozenset(map(Label.parse, labels))
    return Item(ItemId(name), category, name.title(), parsed, attributes, "https://shop.example/x")


def statuses(imported: Sequence[Imported]) -> list[UploadStatus | None]:
    return [one.upload.status if one.upload else None for one in imported]


def found(catalogue: Catalogue, subject: Subject, filter_: Filter | None = None, k: int = 10) -> list[str]:
    return [one.item.id for one in catalogue.search(Query(subject, filter_ or Filter(), k)).neighbours]


@cache
def drawn() -> tuple[bytes, ...]:
    return tuple(garment.photo() for garment in draw_catalogue(STOCK, seed=5))


def filled(catalogue: Catalogue) -> Catalogue:
    """`sku-0` … `sku-5`, a photo each; the even ones are red dresses, the odd ones blue hats."""
    kinds = (("dress", "colour:red"), ("hat", "colour:blue"))
    new = [NewPhoto(item(f"sku-{n}", *kinds[n % 2]), photo, f"{n}.jpg") for n, photo in enumerate(drawn())]
    assert statuses(list(catalogue.import_photos(new))) == [UploadStatus.INDEXED] * STOCK
    return catalogue


class CatalogueBehaviour:
    @pytest.fixture
    def photos(self) -> list[bytes]:
        """Photos that Lookalike draws, no two of them alike."""
        return list(drawn())

    @pytest.fixture
    def catalogue(self, open_catalogue: OpenCatalogue) -> Catalogue:
        """An empty one."""
        return open_catalogue()

    @pytest.fixture
    def stocked(self, catalogue: Catalogue) -> Catalogue:
        """One with what `filled` brings, to change."""
        return filled(catalogue)

    @pytest.fixture(scope="class")
    @classmethod
    def shown(cls, open_catalogue: OpenCatalogue) -> Catalogue:
        """One with what `filled` brings that all tests look at and none changes."""
        return filled(open_catalogue())

    def test_a_new_one_is_empty(self, catalogue: Catalogue, photos: list[bytes]) -> None:
        status = catalogue.status()
        assert (status.items, status.photos, status.uploads) == (0, 0, {})
        assert catalogue.list_items() == []
        assert found(catalogue, ByPhoto(photos[0])) == []

    def test_items_come_back_as_they_were_put(self, catalogue: Catalogue) -> None:
        described = item("sku-1", "dress", "colour:red", "collar:v-neck")
        catalogue.put_items([described])
        assert catalogue.get_item(described.id) == described
        with pytest.raises(NotFoundError):
            catalogue.get_item(ItemId("sku-2"))

    def test_items_are_listed_in_order_and_in_pages(self, catalogue: Catalogue) -> None:
        items = [item(f"sku-{n:03}") for n in range(130)]
        catalogue.put_items(items[::-1])
        assert catalogue.list_items(limit=1000) == items
        assert catalogue.list_items(items[9].id, 100) == items[10:110]
        assert catalogue.list_items(items[-1].id) == []

    @pytest.mark.parametrize("limit", [0, 1001])
    def test_no_page_holds_none_or_too_many(self, catalogue: Catalogue, limit: int) -> None:
        with pytest.raises(InvalidRequestError):
            catalogue.list_items(limit=limit)

    def test_plain_values_do_where_ids_are_asked_for(self, stocked: Any, photos: list[bytes]) -> None:
        photo = str(PhotoId.of(photos[2]))
        assert stocked.get_item("sku-2").id == "sku-2"
        assert [one.id for one in stocked.list_items("sku-3", np.int64(1))] == ["sku-4"]
        assert stocked.thumbnail(photo)
        query = Query(ByItem("sku-1"), Filter.of(any_of=["colour:blue"]))  # type: ignore[arg-type]
        assert {one.item.id for one in stocked.search(query).neighbours} == {"sku-3", "sku-5"}
        assert stocked.remove_photos([["sku-2", photo]]) == [("sku-2", photo)]
        assert stocked.remove_items(("sku-2", "sku-7")) == ["sku-2"]

    @pytest.mark.parametrize("bad", [None, 1, b"sku-1", "SKU 12/3", "", ["sku-1"]], ids=repr)
    def test_what_is_no_id_is_refused(self, shown: Any, bad: object) -> None:
        calls: list[Callable[[], object]] = [
            lambda: shown.get_item(bad),
            lambda: shown.remove_items([bad]),
            lambda: shown.remove_items("sku-1"),
            lambda: shown.remove_photos([(bad, "0" * 64)]),
            lambda: shown.remove_photos([("sku-1", bad)]),
            lambda: shown.remove_photos([bad]),
            lambda: shown.thumbnail(bad),
            lambda: shown.put_items([bad]),
            lambda: shown.put_items(bad),
            lambda: shown.update_items([bad]),
            lambda: list(shown.import_photos([bad])),
            lambda: list(shown.import_photos(bad)),
            lambda: shown.search(bad),
            *([] if bad is None else [lambda: shown.list_items(bad)]),
            *([] if bad == 1 else [lambda: shown.list_items(limit=bad)]),
        ]
        for call in calls:
            with pytest.raises(InvalidRequestError):
                call()
        assert shown.status().items == STOCK

    def test_a_photo_finds_its_own_item_first(self, shown: Catalogue, photos: list[bytes]) -> None:
        result = shown.search(Query(ByPhoto(photos[2]), k=STOCK))
        first = result.neighbours[0]
        assert (first.item.id, first.photo, first.reason) == ("sku-2", PhotoId.of(photos[2]), Reason.EXACT)
        assert first.score == pytest.approx(1, abs=1e-3)
        assert [one.rank for one in result.neighbours] == list(range(1, STOCK + 1))
        scores = [one.score for one in result.neighbours]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= one.confidence <= 1 for one in result.neighbours)
        assert first.item == shown.get_item(first.item.id)
        assert result.guess is not None
        assert result.stages_ms

    def test_the_same_picture_in_other_bytes_is_a_near_duplicate(self, shown: Catalogue, photos: list[bytes]) -> None:
        again = io.BytesIO()
        Image.open(io.BytesIO(photos[1])).save(again, "JPEG", quality=88)
        first = shown.search(Query(ByPhoto(again.getvalue()))).neighbours[0]
        assert (first.item.id, first.reason) == ("sku-1", Reason.NEAR_DUPLICATE)

    def test_an_item_finds_others_and_not_itself(self, shown: Catalogue) -> None:
        others = found(shown, ByItem(ItemId("sku-0")))
        assert sorted(others) == [f"sku-{n}" for n in range(1, STOCK)]

    def test_a_part_of_a_photo_can_be_asked_about(self, shown: Catalogue, photos: list[bytes]) -> None:
        part = found(shown, ByPhoto(photos[3], Region(0.05, 0.05, 0.95, 0.95)))
        assert part[0] == "sku-3"

    def test_a_vector_can_be_asked_about(self, shown: Catalogue, photos: list[bytes]) -> None:
        model = shown.search(Query(ByPhoto(photos[0]))).model
        anywhere = Embedding(np.full(256, 1 / 16, dtype=np.float32), model)
        assert len(found(shown, ByVector(anywhere), k=4)) == 4

    @pytest.mark.parametrize(
        ("filter_", "expected"),
        [
            (Filter.of(any_of=["colour:red"]), {"sku-0", "sku-2", "sku-4"}),
            (Filter.of(all_of=["colour:blue", "category:hat"]), {"sku-1", "sku-3", "sku-5"}),
            (Filter.of(none_of=["category:hat"]), {"sku-0", "sku-2", "sku-4"}),
            (Filter.of(any_of=["colour:red", "colour:blue"], none_of=["category:dress"]), {"sku-1", "sku-3", "sku-5"}),
            (Filter.of(all_of=["colour:red", "category:hat"]), set()),
        ],
        ids=["any", "all", "none", "two-clauses", "nothing"],
    )
    def test_all_that_match_a_filter_are_found_and_no_other(
        self, shown: Catalogue, photos: list[bytes], filter_: Filter, expected: set[str]
    ) -> None:
        names = found(shown, ByPhoto(photos[1]), filter_, k=3)
        assert set(names) == expected

    def test_new_labels_count_at_once_and_photos_stay(self, stocked: Catalogue, photos: list[bytes]) -> None:
        stocked.put_items([item("sku-5", "hat", "colour:green")])
        green = found(stocked, ByPhoto(photos[0]), Filter.of(any_of=["colour:green"]))
        assert green == ["sku-5"]
        assert found(stocked, ByPhoto(photos[0]), Filter.of(any_of=["colour:blue"]), k=3).count("sku-5") == 0
        assert stocked.get_item(ItemId("sku-5")).photos == (PhotoId.of(photos[5]),)

    def test_each_photo_is_reported_and_a_bad_one_stops_nobody(
        self, catalogue: Catalogue, photos: list[bytes], tmp_path: Path
    ) -> None:
        file = tmp_path / "good.jpg"
        file.write_bytes(photos[0])
        new = [
            NewPhoto(item("good"), file, "good.jpg"),
            NewPhoto(item("good"), tmp_path / "missing.jpg", "missing.jpg"),
            NewPhoto(item("bad"), b"no picture", "bad"),
            NewPhoto(item("cut"), photos[1][: len(photos[1]) // 2], "cut"),
            NewPhoto(item("fine"), photos[2], "fine"),
        ]
        first = list(catalogue.import_photos(new))
        assert [one.photo for one in first] == new
        rejected = UploadStatus.REJECTED
        assert statuses(first) == [UploadStatus.INDEXED, None, rejected, rejected, UploadStatus.INDEXED]
        assert "missing.jpg" in first[1].error
        codes = [one.upload.rejection for one in first[2:4] if one.upload]
        assert codes == [Rejection.NOT_AN_IMAGE, Rejection.TRUNCATED]

    def test_importing_again_does_nothing_twice(self, stocked: Catalogue, photos: list[bytes]) -> None:
        before = stocked.status()
        again = list(stocked.import_photos([NewPhoto(item("sku-0", "dress", "colour:red"), photos[0], "0.jpg")]))
        assert [one.already_there for one in again] == [True]
        after = stocked.status()
        assert (after.items, after.photos) == (before.items, before.photos)
        assert found(stocked, ByPhoto(photos[0])).count("sku-0") == 1

    def test_one_photo_may_show_two_items(self, catalogue: Catalogue, photos: list[bytes]) -> None:
        new = [NewPhoto(item(name), photos[0], name) for name in ("left", "right")]
        assert statuses(list(catalogue.import_photos(new))) == [UploadStatus.INDEXED] * 2
        assert sorted(found(catalogue, ByPhoto(photos[0]))) == ["left", "right"]
        assert catalogue.remove_items([ItemId("left")]) == ["left"]
        assert found(catalogue, ByPhoto(photos[0])) == ["right"]
        assert catalogue.thumbnail(PhotoId.of(photos[0]))

    def test_a_removed_item_is_gone_everywhere(self, stocked: Catalogue, photos: list[bytes]) -> None:
        gone = ItemId("sku-4")
        assert stocked.remove_items([ItemId("unknown"), gone]) == [gone]
        assert stocked.remove_items([gone]) == []
        for ask in (lambda: stocked.get_item(gone), lambda: stocked.thumbnail(PhotoId.of(photos[4]))):
            with pytest.raises(NotFoundError):
                ask()
        assert (stocked.status().items, stocked.status().photos) == (STOCK - 1, STOCK - 1)
        assert gone not in found(stocked, ByPhoto(photos[4]))

    def test_a_removed_item_can_come_back(self, stocked: Catalogue, photos: list[bytes]) -> None:
        stocked.remove_items([ItemId("sku-4")])
        back = replace(item("sku-4"), title="Back again")
        assert statuses(list(stocked.import_photos([NewPhoto(back, photos[4], "4")]))) == [UploadStatus.INDEXED]
        assert found(stocked, ByPhoto(photos[4]))[0] == "sku-4"
        assert stocked.get_item(back.id).title == "Back again"

    def test_a_patch_changes_what_it_names_and_nothing_else(self, stocked: Catalogue, photos: list[bytes]) -> None:
        before = stocked.get_item(ItemId("sku-1"))
        patches = [
            ItemPatch(before.id, labels=["colour:green"], attributes={"price": 9.5, "note": None}, url=""),
            ItemPatch(ItemId("new"), category="hat", title="New"),
            ItemPatch(ItemId("nobody"), title="Nobody"),
        ]
        for _ in range(2):
            assert stocked.update_items(patches) == ["nobody"]
        attributes = {name: value for name, value in before.attributes.items() if name != "note"} | {"price": 9.5}
        green = frozenset({Label("colour", "green")})
        assert stocked.get_item(before.id) == replace(before, labels=green, attributes=attributes, url=None)
        assert stocked.get_item(ItemId("new")) == Item(ItemId("new"), "hat", "New")
        assert found(stocked, ByPhoto(photos[1]), Filter.of(any_of=["colour:green"])) == ["sku-1"]

    def test_an_import_may_change_parts_of_items(self, stocked: Catalogue, photos: list[bytes]) -> None:
        kept = stocked.get_item(ItemId("sku-0"))
        new = [
            NewPhoto(ItemPatch(kept.id, attributes={"price": 1}), photos[5], "again"),
            NewPhoto(ItemPatch(ItemId("nobody")), photos[0], "nobody"),
            NewPhoto(ItemPatch(ItemId("made"), category="hat"), photos[0], "made"),
        ]
        told = list(stocked.import_photos(new))
        assert statuses(told) == [UploadStatus.INDEXED, None, UploadStatus.INDEXED]
        assert "category" in told[1].error
        now = stocked.get_item(kept.id)
        assert now.photos == (*kept.photos, PhotoId.of(photos[5]))
        assert replace(now, photos=kept.photos) == replace(kept, attributes={**kept.attributes, "price": 1})

    def test_single_photos_can_be_taken_out(self, stocked: Catalogue, photos: list[bytes]) -> None:
        both = [NewPhoto(ItemPatch(ItemId("sku-0")), photos[n], "more") for n in (0, 1)]
        assert statuses(list(stocked.import_photos(both))) == [UploadStatus.INDEXED] * 2
        pairs = [(ItemId(f"sku-{n}"), PhotoId.of(photos[n])) for n in (0, 1)]
        assert stocked.remove_photos([*pairs, (ItemId("unknown"), pairs[0][1])]) == pairs
        assert stocked.remove_photos(pairs) == []
        assert stocked.get_item(ItemId("sku-0")).photos == (pairs[1][1],)
        assert stocked.get_item(ItemId("sku-1")).photos == ()
        with pytest.raises(NotFoundError):
            stocked.thumbnail(pairs[0][1])  # it showed nothing else
        assert stocked.thumbnail(pairs[1][1])
        assert found(stocked, ByPhoto(photos[1]))[0] == "sku-0"
        assert "sku-1" not in found(stocked, ByPhoto(photos[1]))
        assert statuses(list(stocked.import_photos([NewPhoto(ItemPatch(ItemId("sku-0")), photos[0], "back")]))) == [
            UploadStatus.INDEXED
        ]
        assert len(stocked.get_item(ItemId("sku-0")).photos) == 2

    def test_a_thumbnail_is_a_small_picture(self, shown: Catalogue, photos: list[bytes]) -> None:
        with Image.open(io.BytesIO(shown.thumbnail(PhotoId.of(photos[0])))) as picture:
            assert picture.format == "WEBP"
            assert max(picture.size) == 256

    def test_it_says_what_it_holds(self, stocked: Catalogue) -> None:
        status = stocked.status()
        assert (status.items, status.photos) == (STOCK, STOCK)
        assert status.uploads == {UploadStatus.INDEXED: STOCK}
        assert [one.entries for one in status.generations if one.live] == [STOCK]

    @pytest.mark.parametrize(
        ("subject", "error"),
        [
            (ByItem(ItemId("nothing")), NotFoundError),
            (ByUpload(UploadId("u" * 20)), NotFoundError),
            (ByPhoto(b"no picture"), PhotoRejectedError),
            (ByPhoto(b""), LookalikeError),
            (ByText("red"), InvalidRequestError),
            (
                ByVector(Embedding(np.ones(256, np.float32), ModelVersion("other-000000000000-p1"))),
                VersionMismatchError,
            ),
        ],
        ids=["item", "upload", "photo", "empty", "text", "version"],
    )
    def test_what_cannot_be_asked_is_told_so(
        self, shown: Catalogue, subject: Subject, error: type[LookalikeError]
    ) -> None:
        with pytest.raises(error):
            shown.search(Query(subject))

    def test_an_unknown_facet_is_told_by_name(self, shown: Catalogue) -> None:
        with pytest.raises(UnknownFacetError, match="sleeve"):
            shown.search(Query(ByItem(ItemId("sku-0")), Filter.of(any_of=["sleeve:long"])))

    def test_nothing_crosses_into_another_catalogue(
        self, shown: Catalogue, open_catalogue: OpenCatalogue, photos: list[bytes]
    ) -> None:
        other = open_catalogue()
        assert other.remove_items([ItemId("sku-0")]) == []
        for ask in (lambda: other.get_item(ItemId("sku-0")), lambda: other.thumbnail(PhotoId.of(photos[0]))):
            with pytest.raises(NotFoundError):
                ask()
        assert found(other, ByPhoto(photos[0])) == []
        assert found(shown, ByPhoto(photos[0]))[0] == "sku-0"
