from dataclasses import dataclass

from lookalike.ports.catalogue import NewPhoto


@dataclass(frozen=True, slots=True)
class BadEntry:
    """Something in a source that names no photo to bring in: `source` is where (``shop.csv:12``), `message` why."""

    source: str
    message: str


Entry = NewPhoto | BadEntry
