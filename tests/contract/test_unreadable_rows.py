"""Rows that an older version wrote and today's rules refuse never block the rest, and can be removed."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.row import to_wire
from lookalike.adapters.embedded.item_store import SqliteItemStore
from lookalike.domain.item import ItemId, ItemPatch
from lookalike.embedded import open_embedded
from lookalike.errors import InvalidRequestError, NotFoundError
from lookalike.ports.catalogue import NewPhoto
from lookalike.ports.item_store import ItemStore
from lookalike.testing.examples import SHOP, an_item, item_id, photo_id
from tests.contract.catalogue_behaviour import drawn, item

Spoil = Callable[[str, str, Any], None]
"""Gives the column of an item's row another value; makes the row where there is none."""
ODD = "SKU 12/3"
BAD_SQL = {
    "label": ("labels", '[["colour", ""]]'),
    "labels": ("labels", "[1]"),
    "no JSON": ("labels", "nothing"),
    "attribute": ("attributes", '{"Price": 1}'),
    "attributes": ("attributes", "[1, 2]"),
    "date": ("attributes", '{"since": {"date": "yesterday"}}'),
    "title": ("title", "x" * 501),
    "url": ("url", "javascript:alert(1)"),
    "category": ("category", ""),
}
BAD_DYNAMO = {
    "label": ("labels", [["colour", ""]]),
    "labels": ("labels", [1]),
    "attribute": ("attributes", {"Price": "1"}),
    "date": ("attributes", {"since": {"date": "yesterday"}}),
    "url": ("url", "javascript:alert(1)"),
}


@pytest.fixture
def spoil(item_store: ItemStore) -> Spoil:
    def in_sqlite(id_: str, column: str, value: Any) -> None:
        assert isinstance(item_store, SqliteItemStore)
        item_store.put_many(SHOP, [an_item(0)])
        put = "INSERT INTO items SELECT catalogue, ?, category, title, labels, attributes, url FROM items WHERE id = ?"
        item_store._database.execute(put, (id_, item_id(0)))
        item_store._database.execute(f"UPDATE items SET {column} = ? WHERE id = ?", (value, id_))  # noqa: S608
        item_store.remove_many(SHOP, [item_id(0)])

    def in_dynamo(id_: str, column: str, value: Any) -> None:
        assert isinstance(item_store, DynamoItemStore)
        item_store.put_many(SHOP, [an_item(0)])
        (row,) = item_store._rows(SHOP, [item_id(0)])
        item_store._client.put_item(TableName=item_store._items.name, Item=to_wire({**row, "id": id_, column: value}))
        item_store.remove_many(SHOP, [item_id(0)])

    return in_dynamo if isinstance(item_store, DynamoItemStore) else in_sqlite


@pytest.fixture
def bad(item_store: ItemStore) -> dict[str, tuple[str, Any]]:
    return BAD_DYNAMO if isinstance(item_store, DynamoItemStore) else BAD_SQL


@pytest.mark.parametrize("item_store", ["memory", "aws"], indirect=True)
def test_the_rest_is_listed_whatever_is_wrong_with_a_row(
    item_store: ItemStore, spoil: Spoil, bad: dict[str, tuple[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    good = [an_item(n) for n in (1, 50, 99)]
    for number, (column, value) in enumerate(bad.values(), start=2):
        spoil(item_id(number), column, value)
    spoil(ODD, "title", "An odd name")
    item_store.put_many(SHOP, good)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert item_store.page(SHOP, None, 2) == good[:2]
            assert item_store.page(SHOP, good[1].id, 2) == good[2:]
            assert item_store.page(SHOP, None, 100) == good
    told = [record for record in caplog.records if record.name == "lookalike.adapters.readable"]
    assert [record.levelno for record in told] == [logging.WARNING] * (len(bad) + 1)
    assert item_store.get_many(SHOP, [item_id(2), good[0].id]) == {good[0].id: good[0]}
    assert item_store.count(SHOP)[0] == len(good) + len(bad) + 1


@pytest.mark.parametrize("item_store", ["memory", "aws"], indirect=True)
def test_a_row_that_cannot_be_read_is_written_over_and_removed(
    item_store: ItemStore, spoil: Spoil, bad: dict[str, tuple[str, Any]]
) -> None:
    for number in (1, 2, 3):
        spoil(item_id(number), *bad["label"])
    spoil(ODD, "title", "An odd name")
    item_store.attach_photos(SHOP, [(ItemId.stored(ODD), photo_id(1))])
    assert item_store.update_many(SHOP, [ItemPatch(item_id(1), title="No category")]) == [item_id(1)]
    assert item_store.update_many(SHOP, [ItemPatch(item_id(1), category="dress", title="Item 1")]) == []
    item_store.put_many(SHOP, [an_item(2)])
    assert item_store.page(SHOP, None, 10) == [an_item(1), an_item(2)]
    removed = item_store.remove_many(SHOP, [ItemId.stored(ODD), item_id(3)])
    assert sorted(one.id for one in removed) == [ODD, item_id(3)]
    assert item_store.count(SHOP) == (2, 0)
    assert item_store.items_of_photos(SHOP, [photo_id(1)]) == {}


def test_an_item_of_an_odd_name_goes_with_all_that_an_old_import_left(tmp_path: Any) -> None:
    with open_embedded(tmp_path / "shop") as catalogue:
        odd = [NewPhoto(item(ItemId.stored(ODD)), drawn()[0], "old"), NewPhoto(item("new"), drawn()[1], "new")]
        assert [one.upload and one.upload.status for one in catalogue.import_photos(odd)] == [None, "indexed"]
    with open_embedded(tmp_path / "shop") as catalogue:
        catalogue.start_workers()
        assert [one.id for one in catalogue.list_items()] == ["new"]
        assert catalogue.status().items == 2
        with pytest.raises(NotFoundError):
            catalogue.get_item(ItemId.stored(ODD))
        with pytest.raises(InvalidRequestError):
            catalogue.remove_items(["SKU 12/4", "new"])  # type: ignore[list-item]
        assert catalogue.remove_items([ODD, "new"]) == [ODD, "new"]  # type: ignore[list-item]
        status = catalogue.status()
        assert (status.items, status.photos, sum(status.uploads.values())) == (0, 0, 0)
        assert status.generations[0].entries == 0
