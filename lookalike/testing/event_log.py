from collections.abc import Sequence

from lookalike.domain.catalogue import CatalogueId
from lookalike.ports.event_log import Event


class InMemoryEventLog:
    """A list of events."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def append_many(self, events: Sequence[Event]) -> None:
        """Append."""
        self._events.extend(events)

    def tail(self, catalogue: CatalogueId, limit: int) -> list[Event]:
        """The newest `limit` events, newest first."""
        own = [event for event in self._events if event.catalogue == catalogue]
        return own[::-1][:limit]
