"""Plain values are taken where they enter, and others are refused by the field's name, never by a traceback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, unit_vector
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.item import Item, ItemId, ItemPatch, photo_pairs
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Query, Region
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto
from lookalike.testing.examples import MODEL, an_embedding, photo_id

RED = Label("colour", "red")
SUBJECT: Any = ByItem(ItemId("a"))
ITEM = Item(ItemId("a"), "dress")
Make = Callable[[Any], object]


@pytest.mark.parametrize(
    "labels",
    [
        ["colour:red"],
        ("Colour: Red",),
        {"colour:red"},
        [RED, "colour:red"],
        frozenset({RED}),
        (text for text in ["colour:red"]),
        {"colour:red": 1}.keys(),
    ],
)
def test_labels_may_be_any_list_of_labels_or_texts(labels: Any) -> None:
    item = Item("a", "dress", labels=labels)  # type: ignore[arg-type]
    assert item.labels == frozenset({RED})
    assert type(item.id) is ItemId


def test_plain_values_become_the_domains_own() -> None:
    item: Any = Item("a", "dress", photos=[str(photo_id(1))])  # type: ignore[arg-type]
    assert [type(photo) for photo in item.photos] == [PhotoId]
    query: Any = Query(SUBJECT, Filter([LabelClause("any", ["colour:red"])]), np.int64(7))  # type: ignore[arg-type, list-item]
    assert query.filter == Filter((LabelClause(Match.ANY, frozenset({RED})),)) == Filter.of(any_of=[RED])
    assert (query.k, type(query.k)) == (7, int)
    assert type(ByItem("a").item) is ItemId  # type: ignore[arg-type]
    assert type(ByUpload("u" * 20).upload) is UploadId  # type: ignore[arg-type]
    assert ByPhoto(bytearray(b"x")).data == b"x"  # type: ignore[arg-type]
    assert Region(0, np.float32(0.5), 1, 1).top == 0.5  # type: ignore[arg-type]
    vector = Embedding([1, *[0] * 255], str(MODEL))  # type: ignore[arg-type]
    assert (vector.model, vector.vector.dtype) == (MODEL, np.float32)
    assert NewPhoto(ITEM, "a.jpg", "a").content == Path("a.jpg")  # type: ignore[arg-type]
    assert photo_pairs([["a", str(photo_id(1))]]) == [(ItemId("a"), photo_id(1))]  # type: ignore[list-item]


NO_ID = [None, 1, 1.5, True, b"a", "", "SKU 12/3", "a\n", ["a"], {"a"}, object()]
NO_TEXT = [1, 1.5, True, b"a", ["a"], object()]
NO_LABELS = [
    None,
    1,
    "colour:red",
    b"colour:red",
    [1],
    [None],
    [b"colour:red"],
    ["red"],
    [["colour", "red"]],
    {"colour": "red"},
]
NO_ATTRIBUTES = [1, "price", [("price", 1)], {1: 2}, {None: 2}, {"price": [1]}, {"price": b"1"}, {"price": object()}]
NO_VECTOR = [
    None,
    1.0,
    "x",
    b"x" * 256,
    [],
    [None] * 256,
    ["0.1"] * 256,
    [True] * 256,
    [1j] * 256,
    [[1.0] * 256],
    [[1.0], [1.0, 2.0]],
    [1.0] * 255,
    [float("nan")] * 256,
    [1e300] * 256,
    [10**400] * 256,
    [0] * 256,
    object(),
]


def refused(make: Make, fields: set[str], values: list[Any]) -> list[Any]:
    field = min(fields)
    return [pytest.param(make, fields, v, id=f"{field}-{type(v).__name__}-{n}") for n, v in enumerate(values)]


@pytest.mark.parametrize(
    ("make", "fields", "value"),
    [
        *refused(ItemId, {"item"}, NO_ID),
        *refused(CatalogueId, {"catalogue"}, NO_ID),
        *refused(lambda v: Item(v, "dress"), {"item"}, NO_ID),
        *refused(ItemPatch, {"item"}, NO_ID),
        *refused(ByItem, {"item"}, NO_ID),
        *refused(ByUpload, {"upload"}, NO_ID),
        *refused(lambda v: Embedding(an_embedding().vector, v), {"model"}, NO_ID),
        *refused(lambda v: Item("a", v), {"label"}, [None, "", *NO_TEXT]),
        *refused(lambda v: ItemPatch("a", category=v), {"label"}, ["", *NO_TEXT]),
        *refused(lambda v: Item("a", "b", title=v), {"title"}, [None, *NO_TEXT]),
        *refused(lambda v: ItemPatch("a", title=v), {"title"}, NO_TEXT),
        *refused(lambda v: Item("a", "b", url=v), {"url"}, ["", "shop", *NO_TEXT]),
        *refused(lambda v: ItemPatch("a", url=v), {"url"}, ["shop", 0, False, *NO_TEXT]),
        *refused(lambda v: Item("a", "b", labels=v), {"labels"}, NO_LABELS),
        *refused(lambda v: ItemPatch("a", labels=v), {"labels"}, [v for v in NO_LABELS if v is not None]),
        *refused(lambda v: LabelClause(Match.ANY, v), {"filter"}, [*NO_LABELS, []]),
        *refused(lambda v: Filter.of(any_of=v), {"filter"}, NO_LABELS),
        *refused(lambda v: LabelClause(v, [RED]), {"filter"}, [None, "some", 1, ["any"]]),
        *refused(Filter, {"filter"}, [None, 1, "colour:red", [RED], LabelClause(Match.ANY, frozenset({RED}))]),
        *refused(lambda v: Item("a", "b", attributes=v), {"attributes", "attributes.price"}, [None, *NO_ATTRIBUTES]),
        *refused(lambda v: ItemPatch("a", attributes=v), {"attributes", "attributes.price"}, NO_ATTRIBUTES),
        *refused(lambda v: Item("a", "b", photos=v), {"photos", "photo"}, [None, 1, "a" * 64, ["a"], [None]]),
        *refused(unit_vector, {"vector"}, NO_VECTOR),
        *refused(lambda v: Embedding(v, MODEL), {"vector"}, NO_VECTOR),
        *refused(ByVector, {"vector"}, [None, [1.0] * 256, an_embedding().vector]),
        *refused(ByPhoto, {"photo"}, [None, 1, "photo.jpg", Path("photo.jpg"), [1, 2]]),
        *refused(lambda v: ByPhoto(b"x", v), {"region"}, [1, (0, 0, 1, 1), "all"]),
        *refused(ByText, {"text"}, [None, *NO_TEXT, "x" * 1001, "\ud800"]),
        *refused(lambda v: Region(v, 0, 1, 1), {"region"}, [None, "0", b"0", True, 1j, float("nan"), -0.1, [0]]),
        *refused(lambda v: Region(0, 0, 1, v), {"region"}, [None, "1", float("nan"), float("inf"), 0, 1.1]),
        *refused(
            lambda v: Query(SUBJECT, Filter(), v), {"k"}, [None, True, 2.5, 3.0, "3", np.bool_(True), 0, 1001, -1]
        ),
        *refused(lambda v: Query(SUBJECT, v), {"filter"}, [None, "colour:red", [RED], {"any": ["colour:red"]}]),
        *refused(Query, {"subject"}, [None, "a", b"photo", an_embedding(), ITEM]),
        *refused(lambda v: NewPhoto(v, b"x", "s"), {"item"}, [None, "a", {"id": "a"}]),
        *refused(lambda v: NewPhoto(ITEM, v, "s"), {"photo"}, [None, 1, [b"x"]]),
        *refused(lambda v: NewPhoto(ITEM, b"x", v), {"source"}, [None, 1, Path("a")]),
        *refused(
            photo_pairs, {"photos", "item", "photo"}, [None, "ab", ["ab"], [("a",)], [("a", "b")], [(1, photo_id(1))]]
        ),
        *refused(lambda v: Label("colour", v), {"label"}, [None, *NO_TEXT]),
        *refused(lambda v: Label(v, "red"), {"label"}, [None, *NO_TEXT]),
        *refused(Label.parse, {"label"}, [None, *NO_TEXT]),
    ],
)
def test_what_is_of_another_type_is_refused_by_name(make: Make, fields: set[str], value: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        make(value)
    assert caught.value.field in fields
