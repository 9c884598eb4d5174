"""Over HTTP a catalogue is what it is in this process."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from lookalike import errors
from lookalike.client import HttpCatalogue
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Query, Region
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.embedded import EmbeddedCatalogue
from lookalike.errors import Rejection
from lookalike.ports.catalogue import Catalogue, NewPhoto

Draw = Callable[[str], bytes]
TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)
COLOURS = ("red", "blue", "green", "orange")


def item(name: str, category: str = "dress") -> Item:
    attributes = {"price": 12.5, "stock": 3, "new": True, "since": date(2026, 1, 31), "note": "2026-01-31"}
    return Item(ItemId(name), category, name.title(), frozenset({Label("colour", name)}), attributes, "https://shop/x")


@pytest.fixture
def stocked(far: HttpCatalogue, draw: Draw) -> HttpCatalogue:
    photos = [NewPhoto(item(colour), draw(colour), colour) for colour in COLOURS]
    assert [i.upload and i.upload.status for i in far.import_photos(photos)] == [UploadStatus.INDEXED] * len(COLOURS)
    return far


def test_it_is_a_catalogue(far: HttpCatalogue) -> None:
    catalogue: Catalogue = far
    assert catalogue.status().items == 0


def test_items_read_alike_near_and_far(stocked: HttpCatalogue, near: EmbeddedCatalogue) -> None:
    assert stocked.get_item(ItemId("red")) == near.get_item(ItemId("red"))
    assert stocked.get_item(ItemId("red")).attributes == item("red").attributes
    assert stocked.list_items() == near.list_items()
    assert stocked.list_items(ItemId("blue"), 2) == near.list_items(ItemId("blue"), 2)
    assert stocked.status() == near.status()


def test_searches_answer_alike_near_and_far(stocked: HttpCatalogue, near: EmbeddedCatalogue, draw: Draw) -> None:
    facts = near.embed.embedder.facts
    vector = Embedding(np.ones(256, dtype=np.float32), facts.version)
    subjects = (
        ByPhoto(draw("red")),
        ByPhoto(draw("red"), Region(0.1, 0.1, 0.9, 0.9)),
        ByItem(ItemId("red")),
        ByVector(vector),
    )
    filters = (Filter(), Filter.of(any_of=["colour:red", "colour:blue"], none_of=["colour:blue"]))
    for query in (Query(subject, filter_, 3) for subject in subjects for filter_ in filters):
        here, there = near.search(query), stocked.search(query)
        assert [n.item for n in there.neighbours] == [n.item for n in here.neighbours]
        assert [(n.photo, n.rank, n.reason) for n in there.neighbours] == [
            (n.photo, n.rank, n.reason) for n in here.neighbours
        ]
        assert [n.score for n in there.neighbours] == pytest.approx([n.score for n in here.neighbours], abs=1e-6)
        assert (there.model, set(there.stages_ms)) == (here.model, set(here.stages_ms))
        assert (there.guess is None) == (here.guess is None)
    assert stocked.thumbnail(PhotoId.of(draw("red"))) == near.thumbnail(PhotoId.of(draw("red")))


@pytest.mark.parametrize(
    "query",
    [
        Query(ByItem(ItemId("nothing"))),
        Query(ByUpload(UploadId("u" * 20))),
        Query(ByText("red")),
        Query(ByPhoto(b"no picture")),
        Query(ByPhoto(b"")),
        Query(ByItem(ItemId("red")), Filter.of(any_of=["sleeve:long"])),
        Query(ByVector(Embedding(np.ones(256, dtype=np.float32), ModelVersion("other-000000000000-p1")))),
    ],
)
def test_errors_are_alike_near_and_far(stocked: HttpCatalogue, near: EmbeddedCatalogue, query: Query) -> None:
    with pytest.raises(errors.LookalikeError) as here:
        near.search(query)
    with pytest.raises(errors.LookalikeError) as there:
        stocked.search(query)
    assert type(there.value) is type(here.value)
    assert getattr(there.value, "code", None) == getattr(here.value, "code", None)
    assert getattr(there.value, "field", None) == getattr(here.value, "field", None)


def test_an_import_reports_each_photo_and_goes_on(far: HttpCatalogue, draw: Draw, tmp_path: Path) -> None:
    good = tmp_path / "red.png"
    good.write_bytes(draw("red"))
    photos = [
        NewPhoto(item("red"), good, "red.png"),
        NewPhoto(item("red"), tmp_path / "missing.png", "missing.png"),
        NewPhoto(item("blue"), b"no picture", "bad"),
        NewPhoto(item("blue"), draw("blue"), "blue"),
        NewPhoto(item("red"), draw("red"), "red again"),
    ]
    first = list(far.import_photos(photos))
    assert [imported.photo for imported in first] == photos
    assert [imported.upload and imported.upload.status for imported in first] == [
        UploadStatus.INDEXED,
        None,
        UploadStatus.REJECTED,
        UploadStatus.INDEXED,
        UploadStatus.INDEXED,
    ]
    assert "missing.png" in first[1].error
    assert first[2].upload is not None
    assert first[2].upload.rejection is Rejection.NOT_AN_IMAGE
    again = list(far.import_photos(photos))
    assert [imported.already_there for imported in again] == [True, False, False, True, True]
    assert far.get_item(ItemId("red")).photos == (PhotoId.of(draw("red")),)


def test_an_import_brings_new_descriptions(stocked: HttpCatalogue, draw: Draw) -> None:
    changed = replace(item("red"), title="Crimson", labels=frozenset({Label("colour", "crimson")}))
    list(stocked.import_photos([NewPhoto(changed, draw("red"), "red")]))
    assert stocked.get_item(ItemId("red")).title == "Crimson"
    found = stocked.search(Query(ByPhoto(draw("red")), Filter.of(all_of=["colour:crimson"])))
    assert [n.item.id for n in found.neighbours] == ["red"]


def test_many_items_go_in_and_out(far: HttpCatalogue) -> None:
    items = [Item(ItemId(f"sku-{n:04}"), "hat", "x" * 500, attributes={"t": "ü" * 1024}) for n in range(450)]
    far.put_items(items)
    assert [one.id for one in far.list_items(limit=1000)] == [one.id for one in items]
    assert [one.id for one in far.list_items(limit=150)] == [one.id for one in items[:150]]
    assert far.remove_items([items[0].id, ItemId("unknown"), items[1].id]) == [items[0].id, items[1].id]
    assert far.status().items == 448
    with pytest.raises(errors.InvalidRequestError, match="limit"):
        far.list_items(limit=1001)


def test_a_token_opens_the_door(reach: Callable[[str | None, str | None], HttpCatalogue], draw: Draw) -> None:
    for ours in (None, "wrong"):
        with pytest.raises(errors.UnauthenticatedError):
            reach(TOKEN, ours).status()
    opened = reach(TOKEN, TOKEN)
    (imported,) = opened.import_photos([NewPhoto(item("red"), draw("red"), "red")])
    assert imported.upload is not None
    assert imported.upload.status is UploadStatus.INDEXED


def test_the_sdk_needs_neither_imaging_nor_a_model() -> None:
    absent = ("PIL", "onnxruntime", "usearch", "starlette", "uvicorn", "openapi_pydantic", "sqlite3", "filelock")
    code = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import lookalike.client, lookalike.connect"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
