import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from lookalike.cli.sources.entry import Entry
from lookalike.cli.sources.lines import Lines, checked_text
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.record import entries_of, parse_object
from lookalike.cli.sources.rows import Row, Rows
from lookalike.cli.sources.value import Column
from lookalike.domain.attribute import check_name
from lookalike.errors import InvalidRequestError

_COLUMNS: Final = ("id", "category", "title", "labels", "url", "photo", "photos", "attributes")
_ATTRIBUTE: Final = "attr."
_MANY: Final = ";"
_SEPARATORS: Final = ",;\t|"
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # which Excel reads, and some programs write


class TableSource:
    """A CSV file with a header: ``id`` and any of the others below.

    Columns: ``id``, ``category``, ``title``, ``labels`` and ``photos`` (each separated by ``;``), ``url``, ``photo``,
    ``attributes`` (a JSON object), and ``attr.NAME`` for one attribute each, read by `Column`. Capitals do not
    count. Columns are separated by comma, semicolon, tab or bar, whichever tells most of them apart, or as a first
    line ``sep=;`` says. A column of another name is refused, or left out where `ignore_columns` is true; one without a
    name must be empty.

    Raises `InvalidRequestError` at once for a header that cannot be right.
    """

    def __init__(
        self, path: Path, paths: PhotoPaths, encoding: str | None = None, *, ignore_columns: bool = False
    ) -> None:
        self._name = path.name
        self._paths = paths
        self._lines = Lines(path, encoding)
        self._rows = Rows()
        try:
            self._names, self._cells = _read_header(self._lines)
            self._left_out = _check_header(self._names, ignore_columns=ignore_columns)
        except (ValueError, csv.Error, InvalidRequestError) as error:
            self.close()
            raise InvalidRequestError(f"{path.name}:{max(1, self._lines.number)}", str(error)) from error
        comma = self._cells.dialect.delimiter == ";"  # Excel's, where the comma is the decimal sign
        self._columns = {name: Column(name, comma) for name in self._names if name.startswith(_ATTRIBUTE)}

    def total(self) -> int | None:
        """Unknown before all was read."""
        return None

    def read(self) -> float:
        """The share of the rows that was worked through so far, in [0, 1]."""
        return self._rows.share

    def warnings(self) -> list[str]:
        """What a person should know of the file; of its numbers, once all entries were read."""
        left_out = [f"columns left out: {', '.join(map(repr, self._left_out))}"] if self._left_out else []
        remark = [self._lines.remark] if self._lines.remark else []
        return [*remark, *left_out, *chain.from_iterable(column.warnings for column in self._columns.values())]

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()
        self._rows.close()

    def entries(self) -> Iterator[Entry]:
        """One entry a photo, or one that says what is wrong with a row; empty rows are passed over."""
        self._gather()
        for rows in self._rows.by_item():
            yield from entries_of(map(self._understood, rows), self._paths)

    def _gather(self) -> None:
        while True:
            first = self._lines.number + 1
            try:
                row = next(self._cells)
                if any(cell.strip() for cell in row):
                    self._keep(row, self._where(first))
            except StopIteration:
                return
            except (ValueError, csv.Error) as error:
                self._rows.add(Row(self._where(first), fault=str(error)), None)

    def _keep(self, row: Sequence[str], where: str) -> None:
        # A short row is half a row: a line break that is not quoted, or a file that ends early.
        if len(row) != len(self._names):
            raise ValueError(f"has {len(row)} columns, the header has {len(self._names)}")
        named = [(name, checked_text(cell.strip())) for name, cell in zip(self._names, row, strict=True)]
        cells = {name: cell for name, cell in named if cell and name not in self._left_out}
        if "" in cells:
            raise ValueError(f"{cells['']!r:.80} stands in a column without a name; --ignore-columns leaves it out")
        for name, column in self._columns.items():
            if name in cells:
                column.look(cells[name], where)
        self._rows.add(Row(where, cells), cells.get("id"))

    def _where(self, first: int) -> str:
        last = self._lines.number
        return f"{self._name}:{first}" if last <= first else f"{self._name}:{first}-{last}"

    def _understood(self, row: Row) -> Row:
        """The row with what its cells mean, now that all cells of each column are known."""
        if row.fault:
            return row
        try:
            return Row(row.source, self._fields(row.content))
        except InvalidRequestError as error:
            return Row(row.source, row.content, str(error))

    def _fields(self, cells: dict[str, str]) -> dict[str, Any]:
        fields: dict[str, Any] = {
            name: cells[name] for name in ("id", "category", "title", "url", "photo") if name in cells
        }
        attributes = parse_object(cells["attributes"], "attributes") if "attributes" in cells else {}
        for name, column in self._columns.items():
            if name in cells:
                attributes[name.removeprefix(_ATTRIBUTE)] = column.value(cells[name])
        several = {name: _split(cells.get(name, "")) for name in ("labels", "photos")} | {"attributes": attributes}
        return fields | {name: values for name, values in several.items() if values}


def _read_header(lines: Lines) -> tuple[tuple[str, ...], Any]:
    """The columns' names, and a reader of the rows below them."""
    first = checked_text(next(lines, ""))
    told = _SEPARATOR_LINE.fullmatch(first)
    if told:
        first = checked_text(next(lines, ""))
    separator = told[1] if told else max(_SEPARATORS, key=lambda one: len(_known(_cells_of(first, one))))
    rows = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    return _cells_of_row(next(rows, [])), rows


def _cells_of(line: str, separator: str) -> tuple[str, ...]:
    return _cells_of_row(next(csv.reader([line], delimiter=separator), []))


def _cells_of_row(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(checked_text(cell).strip().lower() for cell in row)


def _known(columns: Sequence[str]) -> set[str]:
    return {column for column in columns if column in _COLUMNS or column.startswith(_ATTRIBUTE)}


def _check_header(columns: Sequence[str], *, ignore_columns: bool) -> set[str]:
    """The columns to leave out. Raises `ValueError` for a header that cannot be right."""
    known = _known(columns)
    unknown = set(columns) - known
    refused = set() if ignore_columns else unknown - {""}
    if refused:
        names = ", ".join((*_COLUMNS, f"{_ATTRIBUTE}NAME"))
        raise ValueError(f"unknown column {min(refused)!r:.80}; known are {names}; --ignore-columns leaves it out")
    for column in known:
        if columns.count(column) > 1:
            raise ValueError(f"column {column!r:.80} stands there twice")
        if column.startswith(_ATTRIBUTE):
            check_name(column.removeprefix(_ATTRIBUTE))
    if "id" not in known or len(known) == 1:
        raise ValueError("the header must name the column id and at least one other")
    return unknown if ignore_columns else set()


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(_MANY) if part.strip()]
