import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from lookalike.cli.sources.entry import BadEntry, Entry
from lookalike.cli.sources.lines import Lines, checked_text
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.record import Record, parse_object, read_record
from lookalike.cli.sources.value import typed
from lookalike.errors import InvalidRequestError

_COLUMNS: Final = ("id", "category", "title", "labels", "url", "photo", "photos", "attributes")
_ATTRIBUTE: Final = "attr."
_MANY: Final = ";"


class TableSource:
    """A CSV file with a header: ``id``, ``photo`` or ``photos``, and any of the others below.

    Columns: ``id``, ``category``, ``title``, ``labels`` and ``photos`` (each separated by ``;``), ``url``, ``photo``,
    ``attributes`` (a JSON object), and ``attr.NAME`` for one attribute each, typed by `typed`. Columns are
    separated by comma, semicolon or tab, whichever the header has most of.

    Raises `InvalidRequestError` at once for a header that cannot be right.
    """

    def __init__(self, path: Path, paths: PhotoPaths, category: str | None = None) -> None:
        self._name = path.name
        self._paths = paths
        self._category = category
        self._lines = Lines(path)
        try:
            self._columns, delimiter = _read_header(self._lines)
        except (ValueError, csv.Error) as error:
            self._lines.close()
            raise InvalidRequestError(f"{path.name}:1", str(error)) from error
        self._rows = csv.reader(self._lines, delimiter=delimiter, strict=True)

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
        """One entry a photo, or one that says what is wrong with a row; empty rows are passed over."""
        while True:
            first = self._lines.number + 1
            try:
                row = next(self._rows)
                record = self._record(row) if any(row) else None
            except StopIteration:
                return
            except (ValueError, csv.Error, InvalidRequestError) as error:
                yield BadEntry(self._where(first), str(error))
                continue
            if record is not None:
                yield from record.entries(self._where(first), self._paths)

    def _where(self, first: int) -> str:
        last = self._lines.number
        return f"{self._name}:{first}" if last <= first else f"{self._name}:{first}-{last}"

    def _record(self, row: Sequence[str]) -> Record:
        if len(row) != len(self._columns):
            raise ValueError(f"has {len(row)} columns, the header has {len(self._columns)}")
        cells = {name: checked_text(cell.strip()) for name, cell in zip(self._columns, row, strict=True)}
        return read_record(_fields(cells), self._category)


def _read_header(lines: Lines) -> tuple[tuple[str, ...], str]:
    """The columns, and what stands between them. Raises `ValueError` for a header that cannot be right."""
    header = checked_text(next(lines, ""))
    delimiter = max(",;\t", key=header.count)
    cells = next(csv.reader([header], delimiter=delimiter, strict=True), [])
    columns = tuple(cell.strip() for cell in cells)
    for column in columns:
        if column not in _COLUMNS and not column.startswith(_ATTRIBUTE):
            known = ", ".join((*_COLUMNS, f"{_ATTRIBUTE}NAME"))
            raise ValueError(f"unknown column {column!r:.80}; known are {known}")
        if columns.count(column) > 1:
            raise ValueError(f"column {column!r:.80} stands there twice")
    if "id" not in columns or not {"photo", "photos"} & set(columns):
        raise ValueError("the header must name the columns id and photo (or photos)")
    return columns, delimiter


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    given = {name: cell for name, cell in cells.items() if cell}
    plain: dict[str, Any] = {name: given[name] for name in ("id", "category", "title", "url") if name in given}
    attributes = parse_object(given["attributes"], "attributes") if "attributes" in given else {}
    start = len(_ATTRIBUTE)
    attributes |= {name[start:]: typed(cell) for name, cell in given.items() if name.startswith(_ATTRIBUTE)}
    photos = [*_split(given.get("photo", ""), many=False), *_split(given.get("photos", ""))]
    return {**plain, "labels": _split(given.get("labels", "")), "attributes": attributes, "photos": photos}


def _split(cell: str, *, many: bool = True) -> list[str]:
    parts = cell.split(_MANY) if many else [cell]
    return [part.strip() for part in parts if part.strip()]
