from collections.abc import Iterator
from pathlib import Path

from lookalike.cli.sources.entry import Entry
from lookalike.cli.sources.lines import Lines, checked_text
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.record import entries_of, parse_object
from lookalike.cli.sources.rows import Row, Rows
from lookalike.errors import InvalidRequestError


class JsonLinesSource:
    """A JSON object a line: changes to an item as the API takes them, and its photos' paths from the file's folder.

    `photos` is a list of them, `photo` a single one.
    """

    def __init__(self, path: Path, paths: PhotoPaths, encoding: str | None = None) -> None:
        self._name = path.name
        self._paths = paths
        self._lines = Lines(path, encoding)
        self._rows = Rows()

    def total(self) -> int | None:
        """Unknown before all was read."""
        return None

    def read(self) -> float:
        """The share of the lines that was worked through so far, in [0, 1]."""
        return self._rows.share

    def warnings(self) -> list[str]:
        """What a person should know of the file."""
        return [self._lines.remark] if self._lines.remark else []

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()
        self._rows.close()

    def entries(self) -> Iterator[Entry]:
        """One entry a photo, or one that says what is wrong with a line; empty lines are passed over."""
        self._gather()
        for rows in self._rows.by_item():
            yield from entries_of(rows, self._paths)

    def _gather(self) -> None:
        while True:
            try:
                line = next(self._lines)
                if line.strip():
                    content = parse_object(checked_text(line), "line")
                    item = content.get("id")
                    self._rows.add(Row(self._where(), content), item if isinstance(item, str) else None)
            except StopIteration:
                return
            except (ValueError, InvalidRequestError) as error:
                self._rows.add(Row(self._where(), fault=str(error)), None)

    def _where(self) -> str:
        return f"{self._name}:{self._lines.number}"
