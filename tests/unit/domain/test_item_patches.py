"""Partial updates: a JSON merge patch (RFC 7396) in Python's words."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.item import Item, ItemId, ItemPatch, merged
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError
from lookalike.testing.examples import photo_id

A = ItemId("a")
THERE = Item(
    A,
    "dress",
    "Red dress",
    frozenset({Label("colour", "red")}),
    {"price": 19.5, "sale": True},
    "https://shop.example/a",
    (photo_id(1),),
)
values = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.dates(), st.floats(-9, 9))
names = st.sampled_from(["price", "brand", "sale"])
labels = st.frozensets(st.sampled_from([Label("colour", "red"), Label("colour", "blue"), Label("size", "m")]))
categories = st.sampled_from(["dress", "hat"])
items = st.builds(
    Item,
    st.just(A),
    categories,
    st.sampled_from(["", "One", "Two"]),
    labels,
    st.dictionaries(names, values),
    st.sampled_from([None, "https://shop.example/1"]),
    st.just((photo_id(1),)),
)
patches = st.builds(
    ItemPatch,
    st.just(A),
    st.none() | categories,
    st.none() | st.sampled_from(["", "One", "Two"]),
    st.none() | labels,
    st.none() | st.dictionaries(names, st.none() | values),
    st.none() | st.sampled_from(["", "https://shop.example/2"]),
)


def test_what_a_patch_does_not_name_stays() -> None:
    assert ItemPatch(A).apply(THERE) == THERE
    changed = ItemPatch(A, attributes={"price": 9, "since": date(2026, 1, 31)}).apply(THERE)
    attributes = {"price": 9, "sale": True, "since": date(2026, 1, 31)}
    assert changed == replace(THERE, attributes=attributes)


def test_empty_values_clear_and_none_removes_an_attribute() -> None:
    patch = ItemPatch(A, title="", labels=frozenset(), url="", attributes={"sale": None, "never": None})
    assert patch.apply(THERE) == Item(A, "dress", attributes={"price": 19.5}, photos=THERE.photos)


def test_a_new_item_needs_a_category() -> None:
    assert ItemPatch(A, category="Hat", title="New").apply(None) == Item(A, "hat", "New")
    with pytest.raises(InvalidRequestError) as caught:
        ItemPatch(A, title="New").apply(None)
    assert caught.value.field == "category"


def test_a_whole_with_too_many_attributes_is_refused_with_its_items_name() -> None:
    full = replace(THERE, attributes={f"a{n}": n for n in range(64)})
    with pytest.raises(InvalidRequestError, match="item a") as caught:
        ItemPatch(A, attributes={"one_more": 1}).apply(full)
    assert caught.value.field == "attributes"


def test_a_patch_is_for_one_item() -> None:
    with pytest.raises(InvalidRequestError):
        ItemPatch(ItemId("b")).apply(THERE)


def test_what_is_given_cannot_be_changed_behind_its_back() -> None:
    given_: dict[str, Any] = {"price": 1}
    patch = ItemPatch(A, attributes=given_)
    given_["price"] = 2
    assert patch.apply(THERE).attributes["price"] == 1


@given(items, patches)
def test_twice_is_once(item: Item, patch: ItemPatch) -> None:
    once = patch.apply(item)
    assert patch.apply(once) == once
    assert once.photos == item.photos


@given(items, patches, st.sets(st.sampled_from(["category", "title", "labels", "attributes", "url"])))
def test_the_order_of_disjoint_patches_is_irrelevant(item: Item, patch: ItemPatch, ours: set[str]) -> None:
    parts = {field.name for field in fields(ItemPatch)} - {"id"}
    one = replace(patch, **dict.fromkeys(parts - ours))
    other = replace(patch, **dict.fromkeys(ours))
    assert one.apply(other.apply(item)) == other.apply(one.apply(item)) == patch.apply(item)


@given(items, st.dictionaries(names, st.none() | values), st.sets(names))
def test_so_is_that_of_attributes(item: Item, attributes: dict[str, Any], ours: set[str]) -> None:
    one = ItemPatch(A, attributes={name: value for name, value in attributes.items() if name in ours})
    other = ItemPatch(A, attributes={name: value for name, value in attributes.items() if name not in ours})
    assert one.apply(other.apply(item)) == other.apply(one.apply(item))


@given(st.none() | items, st.lists(patches, min_size=1, max_size=4))
def test_merged_patches_do_what_they_do_one_after_the_other(item: Item | None, several: list[ItemPatch]) -> None:
    (whole,) = merged(several).values()
    if not whole.applies_to(item):
        assert all(patch.category is None for patch in several)
        return
    in_turn = item or Item(A, next(patch.category for patch in several if patch.category))
    for patch in several:
        in_turn = patch.apply(in_turn)
    assert whole.apply(item) == in_turn
