# ruff: noqa: S608 - only constants of our own are put into statements; values always travel as parameters
"""Counts that are kept as rows change, so that asking how many there are never reads what is counted."""

from dataclasses import dataclass
from typing import Final

from lookalike.adapters.embedded.database import Database

_SCHEMA: Final = (
    """
    CREATE TABLE counters (
        name TEXT NOT NULL, scope TEXT NOT NULL, part TEXT NOT NULL, value INTEGER NOT NULL,
        PRIMARY KEY (name, scope, part)
    ) WITHOUT ROWID
    """,
)
_ADD: Final = "INSERT INTO counters {row} ON CONFLICT DO UPDATE SET value = value + excluded.value"


@dataclass(frozen=True, slots=True)
class KeptCount:
    """A count of `table`'s rows for each `scope` and `part`, both columns, that triggers keep.

    Where different values of the column `distinct` are counted instead of rows, `alone` holds of a row, written
    ``{row}``, that no other row has its value.
    """

    name: str
    table: str
    scope: str
    part: str = ""
    distinct: str = ""
    alone: str = "TRUE"

    @property
    def schema(self) -> tuple[str, ...]:
        """Migrations: count what is there once, and from then on in each transaction that changes it."""
        made = [
            f"INSERT INTO counters {self.counted}",
            f"CREATE TRIGGER {self.name}_added AFTER INSERT ON {self.table} BEGIN {self._add('NEW', 1)} END",
            f"CREATE TRIGGER {self.name}_removed AFTER DELETE ON {self.table} BEGIN {self._add('OLD', -1)} END",
        ]
        if self.part:
            moved = (
                f"CREATE TRIGGER {self.name}_moved AFTER UPDATE ON {self.table} WHEN OLD.{self.part} != NEW.{self.part}"
            )
            made.append(f"{moved} BEGIN {self._add('OLD', -1)} {self._add('NEW', 1)} END")
        return tuple(made)

    @property
    def counted(self) -> str:
        """The statement that reads all rows to tell (name, scope, part, value)."""
        counted = f"count(DISTINCT {self.distinct})" if self.distinct else "count(*)"
        named = f"'{self.name}', CAST({self.scope} AS TEXT), {self.part or _NO_PART}"
        return f"SELECT {named}, {counted} FROM {self.table} GROUP BY 2, 3"

    def _add(self, row: str, by: int) -> str:
        part = f"{row}.{self.part}" if self.part else _NO_PART
        counted = f"SELECT '{self.name}', {row}.{self.scope}, {part}, {by} WHERE {self.alone.format(row=row)}"
        return _ADD.format(row=counted) + ";"


_NO_PART: Final = "''"


class Counters:
    """Whole numbers by name and scope (a catalogue, a generation), each the sum of its parts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("counters", _SCHEMA)

    def get(self, name: str, scope: str = "") -> int:
        """The count; 0 where nothing was ever counted."""
        return sum(self.parts(name, scope).values())

    def parts(self, name: str, scope: str = "") -> dict[str, int]:
        """The parts of a count that are not 0."""
        statement = "SELECT part, value FROM counters WHERE name = ? AND scope = ? AND value != 0"
        return dict(self._database.query(statement, (name, scope)))

    def is_known(self, name: str) -> bool:
        """Whether a count that no trigger keeps was ever set."""
        return bool(self._database.query("SELECT 1 FROM counters WHERE name = ?", (name,)))

    def add(self, name: str, change: int) -> None:
        """Change a count that no trigger keeps; durable when this returns."""
        self._database.execute(_ADD.format(row="VALUES (?, '', '', ?)"), (name, change))

    def set(self, name: str, value: int) -> None:
        """Put such a count right."""
        self._database.execute("INSERT OR REPLACE INTO counters VALUES (?, '', '', ?)", (name, value))

    def is_right(self, kept: KeptCount) -> bool:
        """Whether the rows are as many as is said; reads them all."""
        said = "SELECT name, scope, part, value FROM counters WHERE name = ? AND value != 0"
        return sorted(self._database.query(said, (kept.name,))) == sorted(self._database.query(kept.counted))

    def recount(self, kept: KeptCount) -> None:
        """Put a count right from the rows themselves."""
        with self._database.transaction():
            self._database.execute("DELETE FROM counters WHERE name = ?", (kept.name,))
            self._database.execute(f"INSERT INTO counters {kept.counted}")
