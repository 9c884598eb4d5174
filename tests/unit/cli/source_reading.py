"""What a source gives, and what of it is good or bad."""

from pathlib import Path

from lookalike.cli.sources import BadEntry, Entry, SourceOptions, open_source
from lookalike.ports.catalogue import NewPhoto


def read(path: Path, **options: object) -> list[Entry]:
    source = open_source(path, SourceOptions(**options))  # type: ignore[arg-type]
    try:
        return list(source.entries())
    finally:
        source.close()


def good(entries: list[Entry]) -> list[NewPhoto]:
    return [entry for entry in entries if isinstance(entry, NewPhoto)]


def bad(entries: list[Entry]) -> list[BadEntry]:
    return [entry for entry in entries if isinstance(entry, BadEntry)]
