from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from lookalike.cli.sources.entry import Entry
from lookalike.cli.sources.folder import FolderSource
from lookalike.cli.sources.json_lines import JsonLinesSource
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.table import TableSource
from lookalike.domain.label import CATEGORY, Label
from lookalike.errors import InvalidRequestError

_TABLES: Final = frozenset({".csv", ".tsv", ".txt"})
_LINES: Final = frozenset({".jsonl", ".ndjson"})


class Source(Protocol):
    """Somewhere that photos come from, to be read once from start to end."""

    def total(self) -> int | None:
        """How many entries there will be, where that can be told beforehand."""
        ...

    def read(self) -> float:
        """The share read so far, in [0, 1], where `total` is unknown."""
        ...

    def entries(self) -> Iterator[Entry]:
        """One entry a photo, or one for each thing that is wrong; never raises for what is read.

        What is said of an item without naming a photo is an entry of its own. All entries of an item come together.
        """
        ...

    def warnings(self) -> list[str]:
        """What a person should know of the source as a whole, once its entries were read."""
        ...

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        ...


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to read a source: a folder's category, whether photos may lie elsewhere, a table's encoding and columns."""

    category: str | None = None
    category_from_folder: bool = False
    allow_outside: bool = False
    encoding: str | None = None
    ignore_columns: bool = False


def open_source(path: Path, options: SourceOptions) -> Source:
    """Open a folder, ``.csv``, ``.tsv``, ``.txt`` (Excel's Unicode text) or ``.jsonl``.

    Raises `InvalidRequestError` where it cannot be read.
    """
    if options.category is not None:
        Label(CATEGORY, options.category)  # refuse it once, not once a photo
    try:
        return _open(path, options)
    except OSError as error:
        raise InvalidRequestError("source", f"{path} cannot be read: {error.strerror or error}") from error


def _open(path: Path, options: SourceOptions) -> Source:
    if path.is_dir():
        if options.category is None and not options.category_from_folder:
            raise InvalidRequestError("category", "a folder needs --category NAME or --category-from-folder")
        return FolderSource(PhotoPaths(path, options.allow_outside), options.category, options.category_from_folder)
    if options.category_from_folder:
        raise InvalidRequestError("category", "--category-from-folder goes with a folder")
    paths = PhotoPaths(path.parent, options.allow_outside)
    if path.suffix.lower() in _TABLES:
        return TableSource(path, paths, options.encoding, ignore_columns=options.ignore_columns)
    if path.suffix.lower() in _LINES:
        return JsonLinesSource(path, paths, options.encoding)
    raise InvalidRequestError("source", f"{path} is neither a folder nor a .csv, .tsv, .txt or .jsonl file")
