import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Any, Final, TextIO

from lookalike.cli.sources import BadEntry, Skipped
from lookalike.domain.upload import UploadStatus
from lookalike.ports.catalogue import Imported

_MOST_KEPT: Final = 20


class Verdict(StrEnum):
    """What became of an entry.

    `rejected`: it must change before it can come in; `failed`: run the import again; `skipped`: a file passed over.
    """

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    REJECTED = "rejected"
    FAILED = "failed"
    SKIPPED = "skipped"


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
    def of(cls, settled: Imported | BadEntry | Skipped) -> "Event":
        """What to tell of it."""
        if isinstance(settled, Skipped):
            return cls(settled.source, Verdict.SKIPPED, message=settled.reason)
        if isinstance(settled, BadEntry):
            return cls(settled.source, Verdict.REJECTED, code="bad_entry", message=settled.message)
        status, code = _verdict(settled)
        upload = settled.upload
        message = settled.error or (upload.detail if upload else "")
        return cls(settled.photo.source, status, settled.photo.item.id, upload.photo if upload else None, code, message)

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
    """Counts what became of each entry, keeps the first 20 errors and writes events where they are wanted."""

    events: TextIO | None = None
    errors: TextIO | None = None
    counts: Counter[Verdict] = field(default_factory=Counter)
    kept: list[Event] = field(default_factory=list)
    started: float = field(default_factory=perf_counter)

    def add(self, settled: Imported | BadEntry | Skipped) -> None:
        """Count one entry."""
        event = Event.of(settled)
        self.counts[event.status] += 1
        if event.is_error and len(self.kept) < _MOST_KEPT:
            self.kept.append(event)
        for stream in (self.events, self.errors if event.is_error else None):
            if stream is not None:
                print(json.dumps(event.as_json()), file=stream, flush=True)

    @property
    def settled(self) -> int:
        """Entries that came to something so far: files that were passed over are none."""
        return self.counts.total() - self.counts[Verdict.SKIPPED]

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
        return {
            **{str(verdict): self.counts[verdict] for verdict in Verdict},
            "seconds": round(seconds, 3),
            "photos_per_second": round(self.settled / seconds, 2) if seconds else 0.0,
            "errors": [event.as_json() for event in self.kept],
            "errors_left_out": self.wrong - len(self.kept),
        }
