from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId


class EventKind(StrEnum):
    """What can have happened."""

    PHOTO_INDEXED = "photo_indexed"
    PHOTO_REJECTED = "photo_rejected"
    ITEM_REMOVED = "item_removed"
    PHOTO_REMOVED = "photo_removed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to `subject`, for those who count and audit.

    `subject` is an upload's or item's id; of a photo that was removed it is ``item/photo``.
    """

    catalogue: CatalogueId
    kind: EventKind
    subject: str
    at: datetime


class EventLog(Protocol):
    """An append-only record of what happened. Delivery is at least once, so an event may stand twice."""

    def append_many(self, events: Sequence[Event]) -> None:
        """Append; durable when this returns."""
        ...

    def tail(self, catalogue: CatalogueId, limit: int) -> list[Event]:
        """The newest `limit` events, newest first."""
        ...
