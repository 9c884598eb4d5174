import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.sample import SheetNeighbour, SheetRow, contact_sheet


def _photo(colour: tuple[int, int, int] = (200, 30, 40), size: tuple[int, int] = (48, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def _row(*neighbours: SheetNeighbour, caption: str = "A query") -> SheetRow:
    return SheetRow(_photo((20, 60, 160)), caption, neighbours, "unseen")


def _count(sheet: Image.Image, colour: tuple[int, int, int]) -> int:
    return int((np.abs(np.asarray(sheet, np.int16) - colour).max(-1) < 8).sum())


def test_the_page_shows_the_query_and_each_neighbour() -> None:
    found = [SheetNeighbour(_photo((200, 30, 40)), "Red dress", 0.91, True) for _ in range(3)]
    sheet = contact_sheet([_row(*found)])
    assert sheet.width == 1400
    one = _count(contact_sheet([_row(found[0])]), (200, 30, 40))
    assert _count(sheet, (200, 30, 40)) == 3 * one > 0
    assert _count(sheet, (20, 60, 160)) > 10_000


def test_rows_stack_and_the_heading_adds_room() -> None:
    row = _row(SheetNeighbour(_photo(), "Red dress", 0.9))
    one, three = contact_sheet([row]), contact_sheet([row] * 3)
    assert three.height > 2.5 * one.height
    assert contact_sheet([row], "Searches").height > one.height


def test_ticks_are_green_crosses_red_and_no_verdict_is_neither() -> None:
    def sheet(verdict: bool | None) -> Image.Image:
        return contact_sheet([_row(SheetNeighbour(None, "Something", 0.5, verdict))])

    right, wrong = (28, 128, 74), (196, 60, 48)
    assert _count(sheet(True), right) > 10 > _count(sheet(True), wrong)
    assert _count(sheet(False), wrong) > 10 > _count(sheet(False), right)
    assert _count(sheet(None), right) == _count(sheet(None), wrong) == 0


@pytest.mark.parametrize("broken", [None, b"", b"not an image", _photo()[:40], b"\xff\xd8\xff\xe0"])
def test_a_photo_that_cannot_be_shown_leaves_a_tile_and_harms_nothing(broken: bytes | None) -> None:
    whole = SheetNeighbour(_photo(), "Whole", 0.9)
    sheet = contact_sheet([SheetRow(broken, "Query", [whole, SheetNeighbour(broken, "Broken", 0.8)])])
    assert _count(sheet, (200, 30, 40)) == _count(contact_sheet([_row(whole)]), (200, 30, 40))


@pytest.mark.parametrize("size", [(600, 2), (2, 600), (1, 1)])
def test_a_photo_of_any_shape_fits_its_tile(size: tuple[int, int]) -> None:
    sheet = contact_sheet([_row(SheetNeighbour(_photo(size=size), "Odd", 0.7))])
    assert _count(sheet, (200, 30, 40)) > 0


def test_long_titles_stay_in_their_column() -> None:
    long = SheetNeighbour(_photo(), "Incomprehensibilities " * 20, 0.9, detail="word" * 80)
    sheet = np.asarray(contact_sheet([_row(long, caption="Unbroken" * 40)]).convert("L"))
    assert (sheet[:, :40] > 250).all()
    assert (sheet[260:, 520:] > 250).all(), "the first column ends before the second begins"


@given(
    titles=st.lists(st.text(max_size=80), max_size=12),
    caption=st.text(max_size=120),
    score=st.floats(-1, 1),
)
@settings(max_examples=25, deadline=None)
def test_any_words_can_be_typeset(titles: list[str], caption: str, score: float) -> None:
    found = [SheetNeighbour(None, title, score, detail=title) for title in titles]
    assert contact_sheet([_row(*found, caption=caption)], heading=caption).size[0] == 1400


def test_an_empty_page_is_a_page() -> None:
    assert contact_sheet([]).width == 1400
    assert contact_sheet([_row()]).width == 1400
