# ruff: noqa: RUF001 - signs that look like others are what it is about
import re
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lookalike.cli.sources.item_name import item_id_of, item_id_of_file
from lookalike.cli.sources.value import Column
from lookalike.domain.item import ItemId
from lookalike.imaging.sniff import EXTENSIONS

names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=40)
places = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(st.lists(places, min_size=2, max_size=20, unique=True))
def test_different_places_give_different_ids_and_the_same_the_same(found: list[str]) -> None:
    composed = {unicodedata.normalize("NFC", place) for place in found}
    assert len({item_id_of(place) for place in found}) == len(composed)
    assert [item_id_of(place) for place in found] == [item_id_of(place) for place in found]
    assert all(ItemId(item_id_of(place)) for place in found)


endings = st.sampled_from([".jpg", ".JPG", ".jpeg", ".png", ".png.jpg", ".jpg.jpg", ".jpg.PNG"])
files = st.tuples(st.lists(st.sampled_from(["a", "b", "a.old", "a:b", "a b"]), min_size=1, max_size=3), endings).map(
    lambda parts: "/".join(parts[0]) + parts[1]
)


@given(
    st.lists(
        files | st.tuples(places.filter(lambda place: not re.search("(^|/)[.]", place)), endings).map("".join),
        min_size=2,
        max_size=20,
        unique=True,
    )
)
def test_files_that_differ_have_ids_that_differ(found: list[str]) -> None:
    composed = {unicodedata.normalize("NFC", place) for place in found}
    assert len({item_id_of_file(PurePosixPath(place)) for place in composed}) == len(
        {PurePosixPath(place) for place in composed}
    )


def test_pillow_names_no_ending_that_we_pass_over() -> None:
    formats = {"JPEG", "MPO", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "DIB"}
    theirs = {ending for ending, kind in Image.registered_extensions().items() if kind in formats}
    assert theirs | {".heic", ".heics", ".heif", ".heifs", ".hif"} <= EXTENSIONS


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("SKU-123", "SKU-123"),
        ("dress/red_1", "dress:red_1"),
        ("dress/red one", "dress:red-one~bb1b3d7d7a5e"),
        ("été", "t~"),
        ("日本", "item~"),
        ("a:b", "a:b~"),
    ],
)
def test_ids_stay_readable(place: str, expected: str) -> None:
    assert item_id_of(PurePosixPath(place)).startswith(expected[: expected.find("~") + 1] or expected)


def test_an_id_that_looks_hashed_is_hashed_itself() -> None:
    hashed = item_id_of("red one")
    assert item_id_of(str(hashed)) != hashed


def read(cells: list[str], *, comma: bool = False) -> tuple[list[object], list[str]]:
    """What the cells of one column say, and what is to be known of it."""
    column = Column("attr.x", comma)
    for at, cell in enumerate(cells):
        column.look(cell, f"t.csv:{at + 2}")
    return [column.value(cell) for cell in cells], column.warnings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("FALSE", False), ("3", 3), ("-3", -3), ("0", 0), ("3.50", 3.5), ("1.5e3", 1500.0),
        ("007", "007"), ("1e3", "1e3"), ("+3", "+3"), ("1,5", 1.5), ("nan", "nan"), ("1.5e999", "1.5e999"),
        ("12345678901234567", "12345678901234567"),
        ("2026-01-31", {"date": "2026-01-31"}), ("2026-02-31", "2026-02-31"), ("31.01.2026", "31.01.2026"), ("", ""),
        ("1.299,00 €", 1299.0), ("€ 1.299,00", 1299.0), ("1.299,00\u00a0€", 1299.0), ("1.299.000,5", 1299000.5),
        ("$1,299.00", 1299.0), ("-$5.25", -5.25), ("US$ 12.5", 12.5), ("1,299,000", 1299000), ("£5", 5),
        ("1 299,00", 1299.0), ("1\u00a0299,00 kr", 1299.0), ("1\u202f299,00 €", 1299.0), ("1 299 zł", 1299),
        ("CHF 12.-", 12), ("12.–", 12), ("CHF 1'299.50", 1299.5), ("1’299", 1299), ("12,34,567.50", 1234567.5),
        ("19.90EUR", 19.9), ("EUR19.90", 19.9), ("−4,5", -4.5), ("0,125", 0.125), ("¥ 12000", 12000),
        ("1.2.3", "1.2.3"), ("1.29.999", "1.29.999"), ("12 cm", "12 cm"), ("SKU 12", "SKU 12"), ("10%", "10%"),
        ("1,2,3", "1,2,3"), ("00.50", "00.50"), ("9" * 200_000, "9" * 200_000),
    ],
)  # fmt: skip
def test_cells_are_typed(text: str, value: object) -> None:
    (found,), _ = read([text])
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("cells", "comma", "values"),
    [
        (["1.299", "2,50"], False, [1299, 2.5]),
        (["1.299", "2.5"], True, [1.299, 2.5]),
        (["1,299", "2.50"], True, [1299, 2.5]),
        (["1.299", "12"], False, [1.299, 12]),
        (["1.299", "12"], True, [1299, 12]),
        (["1,299", "12"], False, [1299, 12]),
        (["1.299", "2,50", "2.50"], False, ["1.299", 2.5, 2.5]),
        (["4006381333931", "0012345678905"], False, ["4006381333931", "0012345678905"]),
        (["12", "n/a", "M"], False, [12, "n/a", "M"]),
        (["12.5", "007"], False, [12.5, "007"]),
        (["19 €", "20 $"], False, ["19 €", "20 $"]),
    ],
)
def test_a_column_tells_how_its_cells_are_read(cells: list[str], comma: bool, values: list[object]) -> None:
    assert read(cells, comma=comma)[0] == values


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["12.5", "n/a"], []),
        (["00123", "99"], []),
        (["1.2.3", "7"], ["attr.x: 1 cells that look like numbers stayed text, e.g. '1.2.3' (t.csv:2)"]),
        (
            ["19 €", "20 $"],
            ["attr.x: 2 cells that look like numbers stayed text, e.g. '19 €' (t.csv:2), its currencies differ"],
        ),
        (["1.299"], ["attr.x: the point was read as the decimal sign in '1.299' (t.csv:2)"]),
    ],
)  # fmt: skip
def test_a_column_whose_numbers_stayed_text_says_so_once(cells: list[str], told: list[str]) -> None:
    assert read(cells)[1] == told


@given(st.integers(-(10**9), 10**9), st.integers(0, 99), st.sampled_from([",", ".", " ", "'", "\u202f"]), st.booleans())
def test_amounts_are_read_as_every_locale_writes_them(whole: int, cents: int, between: str, comma: bool) -> None:
    if between == (sign := "," if comma else "."):
        between = ""
    text = f"{whole:,}".replace(",", between) + f"{sign}{cents:02}"
    expected = float(f"{whole}.{cents:02}")
    assert read([text])[0] == [expected if whole or not text.startswith("-") else -expected]
