from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from functions import runtime
from lookalike.domain.catalogue import CatalogueId
from lookalike.ports.event_log import Event, EventKind, EventLog


@dataclass(frozen=True, slots=True)
class CountedEventLog:
    """An event log whose events are metrics too once they are durable: what happened, not what was tried."""

    log: EventLog

    def append_many(self, events: Sequence[Event]) -> None:
        """Append, then count by kind."""
        self.log.append_many(events)
        for kind, how_many in Counter(event.kind for event in events).items():
            runtime.count(event_metric(kind), how_many)

    def tail(self, catalogue: CatalogueId, limit: int) -> list[Event]:
        """The log's own."""
        return self.log.tail(catalogue, limit)


def event_metric(kind: EventKind) -> str:
    """The metric of how often this happened: ``photo_indexed`` is ``PhotoIndexed``."""
    return "".join(word.capitalize() for word in kind.split("_"))
