import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyroaring import BitMap

from lookalike.adapters.embedded.counters import KeptCount
from lookalike.adapters.embedded.database import Database, json_list
from lookalike.adapters.embedded.index.snapshot import Snapshot
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import EntryLabels

ENTRIES: Final = KeptCount("entries", "index_entries", "generation")
SCHEMA: Final = (
    """
    CREATE TABLE index_generations (
        key INTEGER PRIMARY KEY, catalogue TEXT NOT NULL, number INTEGER NOT NULL, model TEXT NOT NULL,
        live INTEGER NOT NULL, created_at INTEGER NOT NULL,  -- microseconds since 1970
        next_row INTEGER NOT NULL DEFAULT 0,  -- rows are handed out once: the graph knows a row for good
        UNIQUE (catalogue, number)
    )
    """,
    "CREATE UNIQUE INDEX index_generations_live ON index_generations (catalogue) WHERE live",
    """
    CREATE TABLE index_entries (
        generation INTEGER NOT NULL, row INTEGER NOT NULL, item TEXT NOT NULL, photo TEXT NOT NULL,
        labels TEXT NOT NULL,  -- JSON: numbers of index_labels
        PRIMARY KEY (generation, row)
    ) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX index_entries_by_item ON index_entries (generation, item, photo)",
    "CREATE INDEX index_entries_by_photo ON index_entries (generation, photo)",
    """
    CREATE TABLE index_labels (
        number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, facet TEXT NOT NULL, value TEXT NOT NULL,
        UNIQUE (generation, facet, value)
    )
    """,
    "CREATE TABLE index_postings (label INTEGER, row INTEGER, PRIMARY KEY (label, row)) WITHOUT ROWID",
    """
    CREATE TABLE index_snapshots (
        generation INTEGER PRIMARY KEY, file TEXT NOT NULL, merged INTEGER NOT NULL,
        byte_count INTEGER NOT NULL, crc32 INTEGER NOT NULL
    )
    """,
    *ENTRIES.schema,
    "ALTER TABLE index_entries ADD COLUMN crc32 INTEGER",  # see `row_checks`; none in rows of older versions
)


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as stored; `labels` are numbers, `crc32` is known of those being added."""

    row: int
    item: ItemId
    photo: PhotoId
    labels: frozenset[int]
    crc32: int | None = None


@dataclass(slots=True)
class Change:
    """What one write does, to SQLite and then to memory. A relabelled entry is (as it was, its new labels)."""

    added: list[Record] = field(default_factory=list)
    removed: list[Record] = field(default_factory=list)
    relabelled: list[tuple[Record, frozenset[int]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.relabelled)


class Records:
    """The rows of one generation in SQLite: what is committed here is what the index holds."""

    def __init__(self, database: Database, generation: int) -> None:
        self._database = database
        self._generation = generation

    def next_row(self) -> int:
        """The first row that was never handed out."""
        statement = "SELECT next_row FROM index_generations WHERE key = ?"
        return int(self._database.query(statement, (self._generation,))[0][0])

    def places(self) -> list[tuple[int, str, str, int | None]]:
        """(row, item, photo, CRC-32) of every entry, by row."""
        statement = "SELECT row, item, photo, crc32 FROM index_entries WHERE generation = ? ORDER BY row"
        return self._database.query(statement, (self._generation,))

    def of_items(self, items: Collection[ItemId]) -> list[Record]:
        """All entries of these items."""
        return self._records("item IN (SELECT value FROM json_each(?))", json_list(items))

    def of_photos(self, photos: Collection[PhotoId]) -> list[Record]:
        """All entries of these photos."""
        return self._records("photo IN (SELECT value FROM json_each(?))", json_list(photos))

    def _records(self, condition: str, values: str) -> list[Record]:
        columns = "row, item, photo, labels"
        statement = f"SELECT {columns} FROM index_entries WHERE generation = ? AND {condition}"  # noqa: S608 - constants
        return [
            Record(row, ItemId.stored(item), PhotoId.stored(photo), frozenset(json.loads(labels)))
            for row, item, photo, labels in self._database.query(statement, (self._generation, values))
        ]

    def page(self, after: tuple[ItemId, PhotoId] | None, limit: int) -> list[EntryLabels]:
        """Up to `limit` entries in the order of item and photo, starting behind `after`."""
        statement = """
            SELECT item, photo, (
                SELECT json_group_array(json_array(label.facet, label.value))
                FROM json_each(index_entries.labels) AS one JOIN index_labels AS label ON label.number = one.value
            ) FROM index_entries WHERE generation = ? AND (item, photo) > (?, ?) ORDER BY item, photo LIMIT ?
        """
        rows = self._database.query(statement, (self._generation, *(after or ("", "")), limit))
        return [
            EntryLabels(ItemId(item), PhotoId(photo), frozenset(Label(*pair) for pair in json.loads(labels)))
            for item, photo, labels in rows
        ]

    def check_postings(self, *, repair: bool) -> int:
        """In how many pairs the label → rows table differs from the entries, from which it can be made anew."""
        mine = "SELECT number FROM index_labels WHERE generation = ?1"
        said = "SELECT one.value, row FROM index_entries, json_each(labels) AS one WHERE generation = ?1"
        kept = f"SELECT label, row FROM index_postings WHERE label IN ({mine})"  # noqa: S608 - constants
        with self._database.transaction():
            differ: int = sum(
                self._database.query(f"SELECT count(*) FROM ({a} EXCEPT {b})", (self._generation,))[0][0]  # noqa: S608
                for a, b in ((said, kept), (kept, said))
            )
            if differ and repair:
                self._database.execute(f"DELETE FROM index_postings WHERE label IN ({mine})", (self._generation,))  # noqa: S608
                self._database.execute(f"INSERT INTO index_postings (label, row) {said}", (self._generation,))
        return differ

    def posting(self, label: int) -> BitMap:
        """The rows that have the label of this number."""
        found = self._database.query("SELECT row FROM index_postings WHERE label = ?", (label,))
        return BitMap(row for (row,) in found)

    def label_number(self, label: Label) -> int | None:
        """The number of a label, None where no entry ever had it."""
        statement = "SELECT number FROM index_labels WHERE generation = ? AND facet = ? AND value = ?"
        found = self._database.query(statement, (self._generation, label.facet, label.value))
        return int(found[0][0]) if found else None

    def number_labels(self, labels: Collection[Label]) -> None:
        """Give numbers to these labels where they have none."""
        statement = "INSERT INTO index_labels (generation, facet, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._database.execute_many(statement, ((self._generation, label.facet, label.value) for label in labels))

    def has_facet(self, facet: str) -> bool:
        """Whether any entry has a label of this facet."""
        statement = """
            SELECT 1 FROM index_labels WHERE generation = ? AND facet = ?
                AND EXISTS (SELECT 1 FROM index_postings WHERE label = index_labels.number) LIMIT 1
        """
        return bool(self._database.query(statement, (self._generation, facet)))

    def apply(self, change: Change) -> None:
        """Store a change, all of it or nothing."""
        with self._database.transaction():
            self._remove(change.removed)
            self._relabel(change.relabelled)
            self._add(change.added)

    def _remove(self, removed: Sequence[Record]) -> None:
        statement = "DELETE FROM index_entries WHERE generation = ? AND row = ?"
        self._database.execute_many(statement, ((self._generation, record.row) for record in removed))
        self._unpost((label, record.row) for record in removed for label in record.labels)

    def _relabel(self, relabelled: Sequence[tuple[Record, frozenset[int]]]) -> None:
        statement = "UPDATE index_entries SET labels = ? WHERE generation = ? AND row = ?"
        values = ((json.dumps(sorted(labels)), self._generation, record.row) for record, labels in relabelled)
        self._database.execute_many(statement, values)
        self._unpost((label, record.row) for record, labels in relabelled for label in record.labels - labels)
        self._post((label, record.row) for record, labels in relabelled for label in labels - record.labels)

    def _add(self, added: Sequence[Record]) -> None:
        if not added:
            return
        columns = "generation, row, item, photo, labels, crc32"
        statement = f"INSERT INTO index_entries ({columns}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
        values = ((self._generation, a.row, a.item, a.photo, json.dumps(sorted(a.labels)), a.crc32) for a in added)
        self._database.execute_many(statement, values)
        self._post((label, record.row) for record in added for label in record.labels)
        end = max(record.row for record in added) + 1
        self._database.execute("UPDATE index_generations SET next_row = ? WHERE key = ?", (end, self._generation))

    def _post(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._database.execute_many("INSERT INTO index_postings (label, row) VALUES (?, ?)", pairs)

    def _unpost(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._database.execute_many("DELETE FROM index_postings WHERE label = ? AND row = ?", pairs)

    def put_sums(self, sums: Iterable[tuple[int, int]]) -> None:
        """Note the CRC-32 of rows that have none."""
        statement = "UPDATE index_entries SET crc32 = ? WHERE generation = ? AND row = ? AND crc32 IS NULL"
        self._database.execute_many(statement, ((one, self._generation, row) for row, one in sums))

    def snapshot(self) -> Snapshot | None:
        """The last graph that was written to a file."""
        statement = "SELECT file, merged, byte_count, crc32 FROM index_snapshots WHERE generation = ?"
        found = self._database.query(statement, (self._generation,))
        return Snapshot(*found[0]) if found else None

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Point readers to a newly written graph."""
        statement = "INSERT OR REPLACE INTO index_snapshots VALUES (?, ?, ?, ?, ?)"
        values = (self._generation, snapshot.file, snapshot.merged, snapshot.byte_count, snapshot.crc32)
        self._database.execute(statement, values)
