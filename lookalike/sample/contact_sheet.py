"""A page of searches: each query beside the neighbours that were found, for a person to judge."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

Box = tuple[int, int, int, int]
"""Left, top, width, height."""
Place = tuple[int, int, int]
"""Left, top, width."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_WIDTH = 1400
_MARGIN = 40
_QUERY = 200
_GAP = 16
_BREAK = 52
"""Between the query and its neighbours."""
_TEXT = 104
"""Height of the lines below a photo."""
_PAPER, _INK, _QUIET, _TILE = (255, 255, 255), (32, 34, 38), (122, 126, 134), (241, 241, 239)
_RIGHT, _WRONG = (28, 128, 74), (196, 60, 48)


@dataclass(frozen=True)
class SheetNeighbour:
    """One answer: its photo (any format Pillow reads; None when there is none), score and verdict.

    `matches` says whether it is what was sought, None when nobody knows; `detail` is one short line.
    """

    image: bytes | None
    title: str
    score: float
    matches: bool | None = None
    detail: str = ""


@dataclass(frozen=True)
class SheetRow:
    """One search: the query's photo, what it shows, and its neighbours from the best down."""

    query: bytes | None
    caption: str
    neighbours: Sequence[SheetNeighbour]
    detail: str = ""


def contact_sheet(rows: Sequence[SheetRow], heading: str = "") -> Image.Image:
    """The searches as an RGB page 1400 pixels wide, one below the other.

    All neighbours of a row are shown, smaller the more the longest row has. A photo that is missing or
    can't be read leaves a grey tile; a long title is broken in two lines, then cut.
    """
    most = max((len(row.neighbours) for row in rows), default=1)
    side = _cell_width(max(most, 5))
    deep = round(max(side, _QUERY) * 1.25) + _TEXT
    top = _MARGIN + (58 if heading else 0)
    sheet = Image.new("RGB", (_WIDTH, top + deep * len(rows) + _MARGIN // 2), _PAPER)
    draw = ImageDraw.Draw(sheet)
    if heading:
        draw.text((_MARGIN, _MARGIN - 8), _cut(heading, _font(30), _WIDTH - 2 * _MARGIN), _INK, _font(30))
    for index, row in enumerate(rows):
        _row(sheet, draw, row, top + index * deep, side)
    return sheet


def _cell_width(count: int) -> int:
    room = _WIDTH - 2 * _MARGIN - _QUERY - _BREAK
    return max((room - _GAP * (count - 1)) // count, 24)


def _row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: SheetRow, top: int, side: int) -> None:
    tall = round(_QUERY * 1.25)
    _photo(sheet, row.query, (_MARGIN, top, _QUERY, tall))
    _lines(draw, (_MARGIN, top + tall + 10, _QUERY), row.caption, row.detail)
    left = _MARGIN + _QUERY + _BREAK
    _arrow(draw, left - _BREAK // 2, top + tall // 2)
    drop = max(tall - round(side * 1.25), 0)
    for place, neighbour in enumerate(row.neighbours):
        _neighbour(sheet, draw, neighbour, (left + place * (side + _GAP), top + drop, side, round(side * 1.25)))


def _neighbour(sheet: Image.Image, draw: ImageDraw.ImageDraw, found: SheetNeighbour, box: Box) -> None:
    left, top, width, height = box
    _photo(sheet, found.image, box)
    below = top + height + 10
    draw.text((left, below), f"{found.score:.3f}", _INK, _font(17))
    if found.matches is not None:
        _verdict(draw, left + width - 10, below + 9, found.matches)
    _lines(draw, (left, below + 24, width), found.title, found.detail, size=14)


def _photo(sheet: Image.Image, image: bytes | None, box: Box) -> None:
    """The whole photo, centred on a tile with round corners."""
    left, top, width, height = box
    tile = Image.new("RGB", (width, height), _TILE)
    photo = _decoded(image, (width, height))
    if photo is None:
        ImageDraw.Draw(tile).text((width / 2, height / 2), "no photo", _QUIET, _font(14), anchor="mm")
    else:
        tile.paste(photo, ((width - photo.width) // 2, (height - photo.height) // 2))
    corners = Image.new("L", (width * 3, height * 3))
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, width * 3 - 1, height * 3 - 1), 24, 255)
    sheet.paste(tile, (left, top), corners.reduce(3))


def _decoded(image: bytes | None, room: tuple[int, int]) -> Image.Image | None:
    if image is None:
        return None
    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.draft("RGB", (room[0] * 2, room[1] * 2))
            photo = opened.convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # a sheet with a hole says more than no sheet
    scale = min(room[0] / photo.width, room[1] / photo.height)
    size = (max(round(photo.width * scale), 1), max(round(photo.height * scale), 1))
    return photo.resize(size, Image.Resampling.LANCZOS)


def _lines(draw: ImageDraw.ImageDraw, at: Place, title: str, detail: str, size: int = 16) -> None:
    """A title in at most two lines, and a quieter line below it."""
    x, y, width = at
    font = _font(size)
    for text in _wrapped(title, font, width):
        draw.text((x, y), text, _INK, font)
        y += round(size * 1.25)
    draw.text((x, y + 1), _cut(detail, _font(size - 2), width), _QUIET, _font(size - 2))


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    words = text.split()
    first: list[str] = []
    while words and font.getlength(" ".join([*first, words[0]])) <= width:
        first.append(words.pop(0))
    if not first:
        return [_cut(text, font, width)] if text else []
    return [" ".join(first), _cut(" ".join(words), font, width)] if words else [" ".join(first)]


def _cut(text: str, font: Font, width: int) -> str:
    """The text, shortened with an ellipsis to fit."""
    if font.getlength(text) <= width:
        return text
    keep = len(text)
    while keep and font.getlength(text[:keep].rstrip() + "…") > width:
        keep -= 1
    return text[:keep].rstrip() + "…"


def _arrow(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    draw.line((x - 11, y, x + 9, y), _QUIET, 2)
    draw.line((x + 2, y - 7, x + 9, y, x + 2, y + 7), _QUIET, 2, joint="curve")


def _verdict(draw: ImageDraw.ImageDraw, x: int, y: int, matches: bool) -> None:
    """A tick or a cross around (x, y)."""
    if matches:
        draw.line((x - 8, y, x - 2, y + 6, x + 8, y - 6), _RIGHT, 3, joint="curve")
    else:
        draw.line((x - 6, y - 6, x + 6, y + 6), _WRONG, 3)
        draw.line((x - 6, y + 6, x + 6, y - 6), _WRONG, 3)


def _font(size: int) -> Font:
    return ImageFont.load_default(size)
