# ruff: noqa: S608 - only this file's constants are put into statements; values always travel as parameters
import json
from collections.abc import Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, Final

from lookalike.adapters.embedded.counters import Counters, KeptCount
from lookalike.adapters.embedded.database import Database, Row, json_list
from lookalike.adapters.readable import Readable, stand_in
from lookalike.domain.attribute import AttributeValue
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch, apply_all
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId

ITEMS: Final = KeptCount("items", "items", "catalogue")
PHOTOS: Final = KeptCount(
    "photos",
    "item_photos",
    "catalogue",
    distinct="photo",
    alone="""
        NOT EXISTS (SELECT 1 FROM item_photos AS tie
            WHERE tie.catalogue = {row}.catalogue AND tie.photo = {row}.photo AND tie.item != {row}.item)
    """,
)
_SCHEMA: Final = (
    """
    CREATE TABLE items (
        catalogue TEXT NOT NULL, id TEXT NOT NULL, category TEXT NOT NULL, title TEXT NOT NULL,
        labels TEXT NOT NULL, attributes TEXT NOT NULL,  -- JSON
        url TEXT, PRIMARY KEY (catalogue, id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE item_photos (
        position INTEGER PRIMARY KEY,  -- grows, so that photos keep the order in which they came
        catalogue TEXT NOT NULL, item TEXT NOT NULL, photo TEXT NOT NULL,
        UNIQUE (catalogue, item, photo),
        FOREIGN KEY (catalogue, item) REFERENCES items (catalogue, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX item_photos_by_photo ON item_photos (catalogue, photo, item)",
    *ITEMS.schema,
    *PHOTOS.schema,
)
_ITEM: Final = "id, category, title, labels, attributes, url"
# Within the same statement, so that nobody can attach a photo between two reads.
_PHOTOS: Final = """
    (SELECT json_group_array(photo) FROM (
        SELECT photo FROM item_photos AS tie WHERE tie.catalogue = items.catalogue AND tie.item = items.id
        ORDER BY position
    ))
"""


class SqliteItemStore:
    """Items and their photos as rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counters = Counters(database)
        self._readable = Readable(_to_item, itemgetter(0))
        database.migrate("item_store", _SCHEMA)

    def put_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Insert or replace descriptions. The photos an item has stay."""
        # Not INSERT OR REPLACE: it deletes the old row first, and its photos with it.
        statement = f"""
            INSERT INTO items (catalogue, {_ITEM}) VALUES (?,?,?,?,?,?,?)
            ON CONFLICT DO UPDATE SET (category, title, labels, attributes, url) =
                (excluded.category, excluded.title, excluded.labels, excluded.attributes, excluded.url)
        """
        self._database.execute_many(statement, ((catalogue, *_from_item(item)) for item in items))

    def update_many(self, catalogue: CatalogueId, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Apply patches; returns the ids that are not there and were not made."""
        with self._database.transaction():
            there = self.get_many(catalogue, list({patch.id for patch in patches}))
            now, unknown = apply_all(patches, there)
            self.put_many(catalogue, [item for item in now.values() if item != there.get(item.id)])
        return unknown

    def get_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[ItemId, Item]:
        """The items there are, with their photos; missing and other catalogues' ones are left out."""
        return {item.id: item for item in self._readable.all(self._rows_of(catalogue, items))}

    def attach_photos(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Add photos to items, after those there are; pairs that are there, or whose item is not, are ignored."""
        statement = """
            INSERT INTO item_photos (catalogue, item, photo)
            SELECT catalogue, id, ? FROM items WHERE catalogue = ? AND id = ? ON CONFLICT DO NOTHING
        """
        self._database.execute_many(statement, ((photo, catalogue, item) for item, photo in pairs))

    def detach_photos(
        self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]
    ) -> list[tuple[ItemId, PhotoId]]:
        """Take photos from items; returns the pairs that were there."""
        statement = "DELETE FROM item_photos WHERE catalogue = ? AND item = ? AND photo = ?"
        with self._database.transaction():
            return [pair for pair in dict.fromkeys(pairs) if self._database.execute(statement, (catalogue, *pair))]

    def items_of_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, tuple[ItemId, ...]]:
        """Which items each photo shows, in the order of their ids; photos that show none are left out."""
        statement = """
            SELECT photo, item FROM item_photos
            WHERE catalogue = ? AND photo IN (SELECT value FROM json_each(?)) ORDER BY photo, item
        """
        rows = self._database.query(statement, (catalogue, json_list(photos)))
        shown: dict[PhotoId, tuple[ItemId, ...]] = {}
        for photo, item in rows:
            shown[PhotoId.stored(photo)] = (*shown.get(photo, ()), ItemId.stored(item))
        return shown

    def remove_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Item]:
        """Delete items and their ties to photos; returns those that were there."""
        with self._database.transaction():
            rows = self._rows_of(catalogue, items)
            statement = "DELETE FROM items WHERE catalogue = ? AND id = ?"
            self._database.execute_many(statement, ((catalogue, row[0]) for row in rows))
        return [self._readable.one(row) or stand_in(row[0]) for row in rows]

    def page(self, catalogue: CatalogueId, after: ItemId | None, limit: int) -> list[Item]:
        """Up to `limit` items in the order of their ids, starting behind `after`."""

        def rows_behind(last: str, most: int) -> list[Row]:
            return self._rows(catalogue, "id > ? ORDER BY id LIMIT ?", last, most)

        return self._readable.page(rows_behind, after or "", limit)

    def count(self, catalogue: CatalogueId) -> tuple[int, int]:
        """How many items, and how many different photos they have."""
        return self._counters.get(ITEMS.name, catalogue), self._counters.get(PHOTOS.name, catalogue)

    def find_refused(self, catalogue: CatalogueId) -> dict[str, str]:
        """The rows that cannot be read as items, by the id that stands there, each as JSON; reads all of them."""
        refused: dict[str, str] = {}
        after = ""
        while rows := self._rows(catalogue, "id > ? ORDER BY id LIMIT 1000", after):
            after = rows[-1][0]
            refused |= {row[0]: json.dumps(row) for row in rows if self._readable.one(row) is None}
        return refused

    def _rows_of(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Row]:
        return self._rows(catalogue, "id IN (SELECT value FROM json_each(?))", json_list(items))

    def _rows(self, catalogue: CatalogueId, condition: str, *parameters: str | int) -> list[Row]:
        statement = f"SELECT {_ITEM}, {_PHOTOS} FROM items WHERE catalogue = ? AND {condition}"
        return self._database.query(statement, (catalogue, *parameters))


def _from_item(item: Item) -> Row:
    labels = json.dumps([[label.facet, label.value] for label in sorted(item.labels)])
    return (item.id, item.category, item.title, labels, _encode(item.attributes), item.url)


def _to_item(row: Row) -> Item:
    item, category, title, labels, attributes, url, photos = row
    return Item(
        id=ItemId(item),
        category=category,
        title=title,
        labels=frozenset(Label(facet, value) for facet, value in json.loads(labels)),
        attributes=_decode(attributes),
        url=url,
        photos=tuple(map(PhotoId, json.loads(photos))),
    )


def _encode(attributes: Mapping[str, AttributeValue]) -> str:
    """As JSON, which has no dates: they are written as ``{"date": "2026-01-31"}``."""
    plain = {
        name: {"date": value.isoformat()} if isinstance(value, date) else value for name, value in attributes.items()
    }
    return json.dumps(plain)


def _decode(text: str) -> dict[str, AttributeValue]:
    plain: dict[str, Any] = json.loads(text)
    return {
        name: date.fromisoformat(value["date"]) if isinstance(value, dict) else value for name, value in plain.items()
    }
