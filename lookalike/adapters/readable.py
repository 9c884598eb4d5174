import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from lookalike.domain.item import Item, ItemId
from lookalike.errors import LookalikeError

_LOG = logging.getLogger(__name__)
_REFUSALS = (LookalikeError, AttributeError, KeyError, TypeError, ValueError)

Row = TypeVar("Row")
T = TypeVar("T")


def stand_in(item: str) -> Item:
    """What is told of an item whose row cannot be read: its id, and nothing of the rest."""
    return Item(ItemId.stored(item), "unreadable")


class Readable(Generic[Row, T]):
    """Reads stored rows and leaves out those that cannot be read, so that one bad row never blocks the rest.

    An older version may have let in what today's rules refuse. Each such row is logged once in a process's life.
    """

    def __init__(self, read: Callable[[Row], T], key: Callable[[Row], Any]) -> None:
        """`key` names a row among all of them."""
        self._read = read
        self._key = key
        self._told: set[Any] = set()

    def one(self, row: Row) -> T | None:
        """What the row says, or None."""
        try:
            return self._read(row)
        except _REFUSALS as error:
            key = self._key(row)
            if key not in self._told:
                self._told.add(key)
                _LOG.warning("the stored row %r is left out, for it cannot be read: %s", key, error)
            return None

    def all(self, rows: Iterable[Row]) -> list[T]:
        """What those rows say that can be read."""
        return [read for row in rows if (read := self.one(row)) is not None]

    def page(self, rows_behind: Callable[[Any, int], Sequence[Row]], after: Any, limit: int) -> list[T]:
        """A full page, whatever had to be left out: `rows_behind` gives up to so many rows behind a key."""
        found: list[T] = []
        while len(found) < limit:
            rows = rows_behind(after, limit)
            found += self.all(rows)
            if len(rows) < limit:
                break
            after = self._key(rows[-1])
        return found[:limit]
