import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pillow_heif import register_heif_opener

from lookalike.cli.sources.item_name import item_id_of, item_id_of_file
from lookalike.cli.sources.value import typed
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


endings = st.sampled_from(["", ".jpg", ".JPG", ".jpeg", ".png", ".png.jpg", ".jpg.jpg", ".old"])
files = st.tuples(st.lists(st.sampled_from(["a", "b", "a.old", "a:b", "a b"]), min_size=1, max_size=3), endings).map(
    lambda parts: "/".join(parts[0]) + parts[1]
)


@given(st.lists(files | st.tuples(places, endings).map("".join), min_size=2, max_size=20, unique=True))
def test_files_that_differ_have_ids_that_differ(found: list[str]) -> None:
    composed = {unicodedata.normalize("NFC", place) for place in found}
    assert len({item_id_of_file(PurePosixPath(place)) for place in composed}) == len(
        {PurePosixPath(place) for place in composed}
    )


def test_pillow_names_no_ending_that_we_pass_over() -> None:
    register_heif_opener()
    formats = {"JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "GIF", "BMP", "DIB"}
    assert {ending for ending, kind in Image.registered_extensions().items() if kind in formats} <= EXTENSIONS


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("FALSE", False), ("3", 3), ("-3", -3), ("0", 0), ("3.50", 3.5), ("1.5e3", 1500.0),
        ("007", "007"), ("1e3", "1e3"), ("+3", "+3"), ("1,5", "1,5"), ("nan", "nan"),
        ("12345678901234567", "12345678901234567"),
        ("2026-01-31", {"date": "2026-01-31"}), ("2026-02-31", "2026-02-31"), ("31.01.2026", "31.01.2026"), ("", ""),
    ],
)  # fmt: skip
def test_cells_are_typed(text: str, value: object) -> None:
    found = typed(text)
    assert found == value
    assert type(found) is type(value)
