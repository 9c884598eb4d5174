import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

_SCHEMA = """
    CREATE TABLE rows (place INTEGER PRIMARY KEY, first INTEGER, item TEXT, row TEXT);  -- JSON
    CREATE INDEX rows_by_item ON rows (item);
"""
_FIRST = "coalesce((SELECT first FROM rows WHERE item = ? LIMIT 1), ?)"


@dataclass(frozen=True, slots=True)
class Row:
    """What stands at `source` (``shop.csv:12``): its `content`, or the `fault` that kept it from being read."""

    source: str
    content: Any = None
    fault: str = ""


@dataclass(slots=True)
class Rows:
    """The rows of a file, gathered by item, wherever in the file they stand.

    They lie in a temporary database, which SQLite keeps on the disk where it grows and deletes by itself, so that
    memory does not grow with the file.
    """

    share: float = 0.0
    """How much was given back so far, in [0, 1]."""
    _count: int = 0
    _database: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect("", isolation_level=None))

    def __post_init__(self) -> None:
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")

    def add(self, row: Row, item: str | None) -> None:
        """Keep a row for later; one without an item stands alone."""
        self._count += 1
        # In ASCII, since the name of a file may be no UTF-8.
        values = (self._count, item, self._count, item, json.dumps((row.source, row.content, row.fault)))
        self._database.execute(f"INSERT INTO rows VALUES (?, {_FIRST}, ?, ?)", values)  # noqa: S608 (a constant)

    def by_item(self) -> Iterator[Iterator[Row]]:
        """The rows of each item, in the order of the items' first rows; one item's are read before the next one's."""
        for _, group in groupby(self._in_order(), key=itemgetter(0)):
            yield (Row(*json.loads(row)) for _, row in group)

    def _in_order(self) -> Iterator[tuple[int, str]]:
        rows = self._database.execute("SELECT first, row FROM rows ORDER BY first, place")
        for number, row in enumerate(rows, start=1):
            self.share = number / self._count
            yield row

    def close(self) -> None:
        """Let go of them; closing twice is fine."""
        self._database.close()
