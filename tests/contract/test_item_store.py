from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike.domain.item import Item, ItemPatch
from lookalike.domain.label import Label
from lookalike.ports.item_store import ItemStore
from lookalike.testing.examples import OTHER_SHOP, SHOP, an_item, item_id, photo_id

VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
)


def test_an_item_comes_back_as_it_was_put(item_store: ItemStore) -> None:
    attributes = {"price": 19.5, "stock": 3, "sale": True, "brand": "Ågot \0 '\"", "since": date(2026, 1, 31)}
    labels = frozenset({Label("colour", "red"), Label("collar", "v-neck")})
    item = Item(item_id(1), "dress", "Rød kjole 👗", labels, attributes, "https://example.com/1")
    item_store.put_many(SHOP, [item])
    assert item_store.get_many(SHOP, [item.id]) == {item.id: item}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(attributes=st.dictionaries(st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True), VALUES, max_size=5))
def test_attributes_keep_their_types(item_store: ItemStore, attributes: dict[str, str | float | bool | date]) -> None:
    item = replace(an_item(), attributes=attributes)
    item_store.put_many(SHOP, [item])
    found = item_store.get_many(SHOP, [item.id])[item.id].attributes
    assert found == attributes
    assert [type(found[name]) for name in attributes] == [type(value) for value in attributes.values()]


def test_putting_again_replaces_the_description_and_keeps_the_photos(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1, "colour:red")])
    item_store.attach_photos(SHOP, [(item_id(1), photo_id(1))])
    changed = replace(an_item(1, "colour:blue", category="skirt"), photos=(photo_id(9),))
    for _ in range(2):
        item_store.put_many(SHOP, [changed])
    assert item_store.get_many(SHOP, [item_id(1)]) == {item_id(1): replace(changed, photos=(photo_id(1),))}


def test_the_last_of_two_descriptions_in_one_call_stands(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1), an_item(1, "colour:red")])
    assert item_store.get_many(SHOP, [item_id(1)]) == {item_id(1): an_item(1, "colour:red")}


def test_photos_keep_the_order_in_which_they_came(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1)])
    for numbers in ([5, 3], [3, 4, 5, 4], [1]):
        item_store.attach_photos(SHOP, [(item_id(1), photo_id(n)) for n in numbers])
    photos = item_store.get_many(SHOP, [item_id(1)])[item_id(1)].photos
    assert photos == tuple(map(photo_id, [5, 3, 4, 1]))


def test_photos_of_an_item_that_is_not_there_are_ignored(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1)])
    item_store.attach_photos(SHOP, [(item_id(2), photo_id(1)), (item_id(1), photo_id(1))])
    item_store.put_many(SHOP, [an_item(2)])
    assert item_store.items_of_photos(SHOP, [photo_id(1)]) == {photo_id(1): (item_id(1),)}


def test_a_photo_may_show_several_items(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(n) for n in (1, 2, 3)])
    item_store.attach_photos(SHOP, [(item_id(n), photo_id(1)) for n in (2, 1)])
    shown = item_store.items_of_photos(SHOP, [photo_id(1), photo_id(2)])
    assert {photo: set(items) for photo, items in shown.items()} == {photo_id(1): {item_id(1), item_id(2)}}


def test_a_patch_changes_what_it_names_and_makes_what_it_can(item_store: ItemStore) -> None:
    there = replace(an_item(1, "colour:red"), attributes={"price": 1.5, "sale": True})
    item_store.put_many(SHOP, [there])
    item_store.attach_photos(SHOP, [(there.id, photo_id(1))])
    patches = [
        ItemPatch(there.id, attributes={"price": 2}),
        ItemPatch(there.id, labels=["colour:blue"], attributes={"sale": None}),
        ItemPatch(item_id(2), category="hat", title="New"),
        ItemPatch(item_id(3), title="Nobody's"),
        ItemPatch(item_id(4), title="Named later"),
        ItemPatch(item_id(4), category="hat"),
    ]
    for _ in range(2):
        assert item_store.update_many(SHOP, patches) == [item_id(3)]
    labels = frozenset({Label("colour", "blue")})
    assert item_store.get_many(SHOP, [item_id(n) for n in range(1, 5)]) == {
        there.id: replace(there, labels=labels, attributes={"price": 2}, photos=(photo_id(1),)),
        item_id(2): Item(item_id(2), "hat", "New"),
        item_id(4): Item(item_id(4), "hat", "Named later"),
    }
    assert item_store.update_many(OTHER_SHOP, patches[:1]) == [there.id]


def test_of_many_who_change_different_parts_at_once_none_loses_its_own(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1)])
    patches = [ItemPatch(item_id(1), attributes={f"a{n}": n}) for n in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda patch: item_store.update_many(SHOP, [patch]), patches))
    assert item_store.get_many(SHOP, [item_id(1)])[item_id(1)].attributes == {f"a{n}": n for n in range(6)}


def test_single_photos_can_be_taken_from_items(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1), an_item(2)])
    item_store.attach_photos(SHOP, [(item_id(n), photo_id(p)) for n in (1, 2) for p in (1, 2, 3)])
    gone = [(item_id(1), photo_id(2)), (item_id(1), photo_id(9)), (item_id(2), photo_id(1)), (item_id(7), photo_id(1))]
    assert sorted(item_store.detach_photos(SHOP, [*gone, gone[0]])) == [gone[0], gone[2]]
    assert item_store.detach_photos(SHOP, gone) == []
    assert item_store.detach_photos(OTHER_SHOP, [(item_id(1), photo_id(1))]) == []
    left = {id_: item.photos for id_, item in item_store.get_many(SHOP, [item_id(1), item_id(2)]).items()}
    assert left == {item_id(1): (photo_id(1), photo_id(3)), item_id(2): (photo_id(2), photo_id(3))}
    assert item_store.items_of_photos(SHOP, [photo_id(1), photo_id(2)]) == {
        photo_id(1): (item_id(1),),
        photo_id(2): (item_id(2),),
    }


def test_removed_items_are_returned_with_their_photos_and_gone(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1), an_item(2)])
    item_store.attach_photos(SHOP, [(item_id(1), photo_id(1)), (item_id(2), photo_id(1))])
    removed = item_store.remove_many(SHOP, [item_id(1), item_id(1), item_id(7)])
    assert removed == [replace(an_item(1), photos=(photo_id(1),))]
    assert item_store.remove_many(SHOP, [item_id(1)]) == []
    assert item_store.items_of_photos(SHOP, [photo_id(1)]) == {photo_id(1): (item_id(2),)}
    item_store.put_many(SHOP, [an_item(1)])
    assert item_store.get_many(SHOP, [item_id(1)])[item_id(1)].photos == ()


def test_pages_follow_each_other_in_the_order_of_ids(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(n) for n in (4, 2, 5, 1, 3)])
    first = item_store.page(SHOP, None, 2)
    second = item_store.page(SHOP, first[-1].id, 2)
    third = item_store.page(SHOP, second[-1].id, 2)
    assert [[item.id for item in page] for page in (first, second, third)] == [
        [item_id(1), item_id(2)],
        [item_id(3), item_id(4)],
        [item_id(5)],
    ]
    assert item_store.page(SHOP, item_id(5), 2) == []


def test_count_tells_items_and_different_photos(item_store: ItemStore) -> None:
    assert item_store.count(SHOP) == (0, 0)
    item_store.put_many(SHOP, [an_item(n) for n in (1, 2, 3)])
    item_store.attach_photos(SHOP, [(item_id(1), photo_id(1)), (item_id(2), photo_id(1)), (item_id(2), photo_id(2))])
    assert item_store.count(SHOP) == (3, 2)


def test_nothing_crosses_catalogues(item_store: ItemStore) -> None:
    item_store.put_many(SHOP, [an_item(1)])
    item_store.attach_photos(SHOP, [(item_id(1), photo_id(1))])
    ours = item_store.get_many(SHOP, [item_id(1)])
    assert item_store.get_many(OTHER_SHOP, [item_id(1)]) == {}
    assert item_store.items_of_photos(OTHER_SHOP, [photo_id(1)]) == {}
    assert item_store.page(OTHER_SHOP, None, 10) == []
    assert item_store.count(OTHER_SHOP) == (0, 0)
    item_store.attach_photos(OTHER_SHOP, [(item_id(1), photo_id(2))])
    assert item_store.remove_many(OTHER_SHOP, [item_id(1)]) == []
    item_store.put_many(OTHER_SHOP, [an_item(1, "colour:blue")])
    assert item_store.get_many(SHOP, [item_id(1)]) == ours
    assert item_store.get_many(OTHER_SHOP, [item_id(1)])[item_id(1)].photos == ()


@pytest.mark.parametrize("method", ["put_many", "update_many", "attach_photos", "detach_photos"])
def test_writing_nothing_is_fine(item_store: ItemStore, method: str) -> None:
    getattr(item_store, method)(SHOP, [])
    assert item_store.get_many(SHOP, []) == {}
    assert item_store.items_of_photos(SHOP, []) == {}
    assert item_store.remove_many(SHOP, []) == []
