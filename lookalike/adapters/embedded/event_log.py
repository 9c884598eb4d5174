from collections.abc import Sequence
from typing import Final

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.instant import from_micros, to_micros
from lookalike.domain.catalogue import CatalogueId
from lookalike.ports.event_log import Event, EventKind

_SCHEMA: Final = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, catalogue TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        at INTEGER NOT NULL  -- microseconds since 1970
    )
    """,
    "CREATE INDEX events_by_catalogue ON events (catalogue, number)",
)


class SqliteEventLog:
    """Events as rows, in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("event_log", _SCHEMA)

    def append_many(self, events: Sequence[Event]) -> None:
        """Append; durable when this returns."""
        statement = "INSERT INTO events (catalogue, kind, subject, at) VALUES (?,?,?,?)"
        rows = ((event.catalogue, event.kind, event.subject, to_micros(event.at)) for event in events)
        self._database.execute_many(statement, rows)

    def tail(self, catalogue: CatalogueId, limit: int) -> list[Event]:
        """The newest `limit` events, newest first."""
        statement = "SELECT kind, subject, at FROM events WHERE catalogue = ? ORDER BY number DESC LIMIT ?"
        rows = self._database.query(statement, (catalogue, limit))
        return [Event(catalogue, EventKind(kind), subject, from_micros(at)) for kind, subject, at in rows]
