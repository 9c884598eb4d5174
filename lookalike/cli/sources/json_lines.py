from collections.abc import Iterator
from pathlib import Path

from lookalike.cli.sources.entry import BadEntry, Entry
from lookalike.cli.sources.lines import Lines, checked_text
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.record import Record, parse_object, read_record
from lookalike.errors import InvalidRequestError


class JsonLinesSource:
    """A JSON object a line: an item as the API takes it, and `photos`, paths from the file's folder."""

    def __init__(self, path: Path, paths: PhotoPaths, category: str | None = None) -> None:
        self._name = path.name
        self._paths = paths
        self._category = category
        self._lines = Lines(path)

    def total(self) -> int | None:
        """Unknown before all was read."""
        return None

    def read(self) -> float:
        """The share of the file read so far, in [0, 1]."""
        return self._lines.place

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def entries(self) -> Iterator[Entry]:
        """One entry a photo, or one that says what is wrong with a line; empty lines are passed over."""
        while True:
            try:
                line = next(self._lines)
                record = self._record(line) if line.strip() else None
            except StopIteration:
                return
            except (ValueError, InvalidRequestError) as error:
                yield BadEntry(self._where(), str(error))
                continue
            if record is not None:
                yield from record.entries(self._where(), self._paths)

    def _record(self, line: str) -> Record:
        return read_record(parse_object(checked_text(line), "line"), self._category)

    def _where(self) -> str:
        return f"{self._name}:{self._lines.number}"
