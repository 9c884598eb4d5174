from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Any, Final, TextIO

from lookalike.cli.session import as_json_line
from lookalike.cli.sources import BadEntry, Described, Skipped
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadStatus
from lookalike.ports.catalogue import Imported

_MOST_KEPT: Final = 20


class Verdict(StrEnum):
    """What became of an entry.

    `updated`: an item of which no photo is named; `rejected`: it must change before it can come in; `failed`: run the
    import again; `skipped`: a file passed over; `removed`: an item, or a photo of one, that the source no longer names.
    """

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    UPDATED = "updated"
    REJECTED = "rejected"
    FAILED = "failed"
    SKIPPED = "skipped"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Removed:
    """An item that was taken out, or one photo of it."""

    item: ItemId
    photo: PhotoId | None = None


Settled = Imported | Described | BadEntry | Skipped | Removed


@dataclass(frozen=True, slots=True)
class Event:
    """One settled entry, as `--events` and `--errors` write it."""

    source: str
    status: Verdict
    item: str | None = None
    photo: str | None = None
    code: str = ""
    message: str = ""

    @classmethod
    def of(cls, settled: Settled) -> "Event":
        """What to tell of it."""
        match settled:
            case Skipped(source, reason):
                return cls(source, Verdict.SKIPPED, message=reason)
            case BadEntry(source, message, item):
                return cls(source, Verdict.REJECTED, item, code="bad_entry", message=message)
            case Described(patch, source):
                return cls(source, Verdict.UPDATED, patch.id)
            case Removed(item, photo):
                return cls("", Verdict.REMOVED, item, photo)
            case Imported(entry, upload):
                status, code = _verdict(settled)
                message = settled.error or (upload.detail if upload else "")
                return cls(entry.source, status, entry.item.id, upload.photo if upload else None, code, message)

    @property
    def is_error(self) -> bool:
        """Whether a person should look at it."""
        return self.status in (Verdict.REJECTED, Verdict.FAILED)

    def as_json(self) -> dict[str, Any]:
        """What is known, without what is not."""
        fields = ("source", "status", "item", "photo", "code", "message")
        return {name: str(getattr(self, name)) for name in fields if getattr(self, name)}


def _verdict(settled: Imported) -> tuple[Verdict, str]:
    upload = settled.upload
    if upload is None:
        return Verdict.FAILED, "unreadable"
    if settled.already_there:
        return Verdict.ALREADY_THERE, ""
    if upload.status is UploadStatus.INDEXED:
        return Verdict.IMPORTED, ""
    if upload.status is UploadStatus.REJECTED:
        return Verdict.REJECTED, str(upload.rejection or "rejected")
    return Verdict.FAILED, str(upload.status)


@dataclass(slots=True)
class Tally:
    """Counts what became of each entry, keeps the first 20 errors and removals, writes events where they are wanted."""

    events: TextIO | None = None
    errors: TextIO | None = None
    counts: Counter[Verdict] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    """Files passed over, by reason."""
    removed_photos: int = 0
    """Photos that were taken out singly; those of removed items are not counted."""
    kept: list[Event] = field(default_factory=list)
    """The first errors."""
    removed: list[Removed] = field(default_factory=list)
    """The first that were taken out."""
    started: float = field(default_factory=perf_counter)

    def add(self, settled: Settled) -> None:
        """Count one entry."""
        event = Event.of(settled)
        self.counts[event.status] += 1
        if isinstance(settled, Skipped):
            self.skipped[settled.reason] += 1
        if isinstance(settled, Removed):
            self.removed_photos += settled.photo is not None
            self.removed += [settled] if len(self.removed) < _MOST_KEPT else []
        if event.is_error and len(self.kept) < _MOST_KEPT:
            self.kept.append(event)
        for stream in (self.events, self.errors if event.is_error else None):
            if stream is not None:
                print(as_json_line(event.as_json()), file=stream, flush=True)

    @property
    def settled(self) -> int:
        """Entries that came to something so far: neither files that were passed over nor removals are any."""
        return self.counts.total() - self.counts[Verdict.SKIPPED] - self.counts[Verdict.REMOVED]

    @property
    def wrong(self) -> int:
        """Entries that were rejected or failed."""
        return self.counts[Verdict.REJECTED] + self.counts[Verdict.FAILED]

    @property
    def seconds(self) -> float:
        """Since the import began."""
        return perf_counter() - self.started

    def summary(self) -> dict[str, Any]:
        """The numbers at the end; `photos_per_second` counts every entry that was settled."""
        seconds = self.seconds
        counted = (verdict for verdict in Verdict if verdict is not Verdict.REMOVED)
        return {
            **{str(verdict): self.counts[verdict] for verdict in counted},
            "removed_items": self.counts[Verdict.REMOVED] - self.removed_photos,
            "removed_photos": self.removed_photos,
            "seconds": round(seconds, 3),
            "photos_per_second": round(self.settled / seconds, 2) if seconds else 0.0,
            "errors": [event.as_json() for event in self.kept],
            "errors_left_out": self.wrong - len(self.kept),
        }
