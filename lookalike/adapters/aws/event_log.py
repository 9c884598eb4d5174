from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.dynamo_table import DynamoTable
from lookalike.adapters.aws.row import Row
from lookalike.adapters.aws.tables import EVENTS, joined
from lookalike.adapters.instant import from_micros, to_micros
from lookalike.domain.catalogue import CatalogueId
from lookalike.ports.event_log import Event, EventKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DIGITS: Final = 17  # of microseconds since 1970, up to the year 5138


class DynamoEventLog:
    """Events as rows, in the order of their moments. The same event appended again stands once."""

    def __init__(self, client: "DynamoDBClient", *, events: str, backoff: Backoff | None = None) -> None:
        """`events` is the table's name."""
        self._events = DynamoTable(client, EVENTS, events, backoff or Backoff())

    def append_many(self, events: Sequence[Event]) -> None:
        """Append; durable when this returns."""
        self._events.put_many(list(map(_from_event, events)))

    def tail(self, catalogue: CatalogueId, limit: int) -> list[Event]:
        """The newest `limit` events, newest first; those of one moment in the order of kind and subject, backwards."""
        return list(map(_to_event, self._events.query(catalogue, newest_first=True, most=limit)))


def _from_event(event: Event) -> Row:
    micros = to_micros(event.at)
    return {
        "catalogue": event.catalogue,
        "moment": joined(f"{micros:0{_DIGITS}d}", event.kind, event.subject),
        "kind": event.kind,
        "subject": event.subject,
        "at": micros,
    }


def _to_event(row: Row) -> Event:
    return Event(CatalogueId(row["catalogue"]), EventKind(row["kind"]), row["subject"], from_micros(int(row["at"])))
