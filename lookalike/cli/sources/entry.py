from dataclasses import dataclass

from lookalike.domain.item import ItemId, ItemPatch
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


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of an item without naming a photo of it."""

    patch: ItemPatch
    source: str


Entry = NewPhoto | Described | BadEntry | Skipped
