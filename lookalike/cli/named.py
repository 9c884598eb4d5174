import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lookalike.cli.tally import Removed
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId

_SCHEMA: Final = """
    CREATE TABLE items (item TEXT PRIMARY KEY, whole INTEGER, there INTEGER) WITHOUT ROWID;
    CREATE TABLE photos (item TEXT, photo TEXT, PRIMARY KEY (item, photo)) WITHOUT ROWID;  -- that came in
    CREATE TABLE earlier (item TEXT, photo TEXT, PRIMARY KEY (item, photo)) WITHOUT ROWID;  -- that were there
    CREATE TABLE gone (item TEXT, photo TEXT);  -- without a photo: the item
"""
_SURE: Final = "whole AND EXISTS (SELECT 1 FROM photos WHERE photos.item = items.item)"
_LEFT_OVER: Final = f"""
    SELECT count(*) FROM earlier JOIN items USING (item) WHERE {_SURE}
        AND NOT EXISTS (SELECT 1 FROM photos WHERE photos.item = earlier.item AND photos.photo = earlier.photo)
"""  # noqa: S608 (a constant)


@dataclass(slots=True)
class Named:
    """What a source names: its items, and which photos of each came in. What else the catalogue has is left over.

    It lies in a temporary database, which SQLite keeps on the disk where it grows and deletes by itself. Of an item
    of which something went wrong nothing is left over, nor of one without a photo; and where something of which the
    item is unknown could not be read (`complete` is false), no item is.
    """

    complete: bool = True
    _database: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect("", isolation_level=None))

    def __post_init__(self) -> None:
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")

    def add(self, item: ItemId, known: Item | None) -> bool:
        """Take note of an item and of what the catalogue has of it; whether it is the first time."""
        new = self._run("INSERT OR IGNORE INTO items VALUES (?, 1, ?)", item, known is not None)
        for photo in known.photos if known else ():
            self._run("INSERT OR IGNORE INTO earlier VALUES (?, ?)", item, photo)
        return new > 0

    def came(self, item: ItemId, photo: PhotoId) -> None:
        """Take note of a photo of the item that is in the catalogue now."""
        self._run("INSERT OR IGNORE INTO photos VALUES (?, ?)", item, photo)
        self.written(item)

    def written(self, item: ItemId) -> None:
        """Take note that the item is in the catalogue now."""
        self._run("UPDATE items SET there = 1 WHERE item = ?", item)

    def went_wrong(self, item: ItemId | None) -> None:
        """Take note that something of the item, or of one that is not known, did not come in."""
        if item is None:
            self.complete = False
        else:
            self._run("INSERT INTO items VALUES (?, 0, 0) ON CONFLICT DO UPDATE SET whole = 0", item)

    @property
    def items(self) -> int:
        """How many of the items named the catalogue is known to have."""
        return self._count("SELECT count(*) FROM items WHERE there")

    def unsettled(self) -> Iterator[ItemId]:
        """The items named of which it is not known whether the catalogue has them: something of them went wrong."""
        for (item,) in self._database.execute("SELECT item FROM items WHERE NOT there"):
            yield ItemId(item)

    @property
    def photos(self) -> int:
        """How many photos came in or were there already."""
        return self._count("SELECT count(*) FROM photos")

    @property
    def left_over(self) -> int:
        """How many photos of the items named were there before and are not named."""
        return self._count(_LEFT_OVER)

    def compare(self, item: Item) -> None:
        """Take note of what of this item, which the catalogue has, is left over: `gone` gives it back."""
        ((named, sure),) = self._database.execute(
            f"SELECT count(*), coalesce(max({_SURE}), 0) FROM items WHERE item = ?",  # noqa: S608 (a constant)
            (item.id,),
        )
        if not named and self.complete:
            self._run("INSERT INTO gone VALUES (?, NULL)", item.id)
        for photo in item.photos if sure else ():
            statement = (
                "INSERT INTO gone SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM photos WHERE (item, photo) = (?1, ?2))"
            )
            self._run(statement, item.id, photo)

    @property
    def gone(self) -> tuple[int, int]:
        """How many items and how many single photos `compare` has found to be left over."""
        return self._count("SELECT count(*) FROM gone WHERE photo IS NULL"), self._count(
            "SELECT count(photo) FROM gone"
        )

    def each_gone(self) -> Iterator[Removed]:
        """Those."""
        for item, photo in self._database.execute("SELECT item, photo FROM gone ORDER BY photo IS NULL, item"):
            yield Removed(ItemId(item), None if photo is None else PhotoId(photo))

    def close(self) -> None:
        """Let go of it; closing twice is fine."""
        self._database.close()

    def _run(self, statement: str, *values: object) -> int:
        return self._database.execute(statement, values).rowcount

    def _count(self, statement: str) -> int:
        ((count,),) = self._database.execute(statement)
        return int(count)
