from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lookalike.cli.showcase.ask import Answer
from lookalike.cli.showcase.shop import NO_CATEGORY
from lookalike.domain.neighbour import Neighbour
from lookalike.errors import NotFoundError
from lookalike.ports.catalogue import Catalogue
from lookalike.sample import SheetNeighbour, SheetRow, contact_sheet

ROWS: Final = 12
_ACROSS: Final = 6


def write_sheet(path: Path, catalogue: Catalogue, answers: Sequence[Answer]) -> None:
    """A picture of the first searches with their neighbours, for a person to judge."""
    rows = [_row(catalogue, answer) for answer in answers[:ROWS]]
    sheet = contact_sheet(rows, "Photos the shop has not seen, and what Lookalike finds for them")
    sheet.save(path, quality=88)


def _row(catalogue: Catalogue, answer: Answer) -> SheetRow:
    shown = [_cell(catalogue, answer, neighbour) for neighbour in answer.neighbours[:_ACROSS]]
    return SheetRow(answer.photo.path.read_bytes(), answer.photo.caption, shown, answer.photo.category)


def _cell(catalogue: Catalogue, answer: Answer, neighbour: Neighbour) -> SheetNeighbour:
    item = neighbour.item
    try:
        image = catalogue.thumbnail(neighbour.photo)
    except NotFoundError:
        image = None
    known = answer.photo.category != NO_CATEGORY
    matches = item.category == answer.photo.category if known else None
    return SheetNeighbour(image, item.title or item.id, neighbour.score, matches, item.category)
