from datetime import date, datetime

import pytest

from lookalike.domain.attribute import AttributeValue
from lookalike.domain.item import Item
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError
from lookalike.testing.examples import an_item, item_id


def test_the_category_is_one_of_its_labels() -> None:
    item = an_item(1, "colour:red", category="Evening Dress")
    assert item.category == "evening-dress"
    assert item.all_labels == {Label("colour", "red"), Label("category", "evening-dress")}


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("title", {"title": "x" * 501}),
        ("title", {"title": "photo \udcff"}),
        ("url", {"url": "ftp://example.com"}),
        ("url", {"url": "javascript:alert(1)"}),
        ("url", {"url": "https://" + "x" * 2041}),
        ("labels", {"labels": frozenset(Label("size", str(n)) for n in range(101))}),
        ("labels", {"labels": frozenset({Label("category", "dress")})}),
        ("label", {"category": ""}),
        ("label", {"category": "a,b"}),
        ("attributes", {"attributes": {f"a{n}": n for n in range(65)}}),
        ("attributes", {"attributes": {"Price": 1}}),
        ("attributes.brand", {"attributes": {"brand": "x" * 1025}}),
        ("attributes.brand", {"attributes": {"brand": "\ud800"}}),
        ("attributes.price", {"attributes": {"price": float("nan")}}),
        ("attributes.price", {"attributes": {"price": float("-inf")}}),
        ("attributes.price", {"attributes": {"price": 2**53}}),
        ("attributes.price", {"attributes": {"price": None}}),
        ("attributes.price", {"attributes": {"price": [1]}}),
        ("attributes.at", {"attributes": {"at": datetime(2026, 1, 1)}}),  # noqa: DTZ001 (refused either way)
    ],
)
def test_parts_out_of_range_are_refused_by_name(field: str, parts: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Item(**({"id": item_id(1), "category": "dress"} | parts))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_the_limits_themselves_are_allowed() -> None:
    attributes: dict[str, AttributeValue] = {f"a{n}": "x" * 1024 for n in range(60)}
    attributes |= {"price": -(2**53) + 1, "sale": True, "ratio": 0.5, "since": date(2026, 1, 1)}
    item = Item(
        item_id(1),
        "dress",
        "x" * 500,
        frozenset(Label("size", str(n)) for n in range(100)),
        attributes,
        "https://" + "x" * 2040,
    )
    assert item.attributes == attributes


def test_attributes_cannot_be_changed_behind_its_back() -> None:
    given: dict[str, AttributeValue] = {"price": 1}
    item = Item(item_id(1), "dress", attributes=given)
    given["price"] = 2
    assert item.attributes == {"price": 1}
