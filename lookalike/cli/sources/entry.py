from dataclasses import dataclass

from lookalike.domain.item import ItemId
from lookalike.ports.catalogue import NewPhoto


@dataclass(frozen=True, slots=True)
class BadEntry:
    """Something in a source that cannot come in: `source` is where (``shop.csv:12``), `message` why.

    `item` is the item that it is about, where that much could be read.
    """

    source: str
    message: str
    item: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is passed over, and why."""

    source: str
    reason: str


Entry = NewPhoto | BadEntry | Skipped
