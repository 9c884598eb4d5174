# ruff: noqa: RUF001 - signs that look like others are what it is about
import csv
import gc
import io
import json
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_reading import bad, good, read

from lookalike.cli.sources import BadEntry, Described, SourceOptions, open_source
from lookalike.domain.item import ItemId, ItemPatch
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto


def test_a_table_says_everything_an_item_has(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text(
        "\ufeffid;category;title;labels;url;photo;attributes;attr.price;attr.since;attr.ean;attr.sale\r\n"
        '1;Hat;"Two\r\nlines";"colour:Red; size:m";https://x.example;a.jpg;'
        '"{""brand"": ""B""}";9.5;2026-01-31;0012;TRUE\r\n'
        ";;;;;;;;;;\r\n"
        "2;;;;;b.jpg;;;;;\r\n",
        newline="",
    )
    one, two = read(table)
    assert isinstance(one, NewPhoto)
    assert (one.item.category, one.item.title, one.source) == ("hat", "Two\r\nlines", "t.csv:2-3 a.jpg")
    assert one.item.labels == {Label("colour", "red"), Label("size", "m")}
    assert one.item.attributes is not None
    assert one.item.attributes["price"] == 9.5
    assert one.item.attributes["ean"] == "0012"
    assert one.item.attributes["sale"] is True
    assert str(one.item.attributes["since"]) == "2026-01-31"
    assert one.item.attributes["brand"] == "B"
    assert isinstance(two, NewPhoto)
    assert two.item == ItemPatch(ItemId("2"), attributes={})


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,hat", "columns"),
        ("1,hat,a.jpg,,", "columns"),
        (",hat,a.jpg,", "id"),
        ("-1,hat,a.jpg,", "id"),
        ("1,hat,a.jpg,red", "label"),
        ('1,hat,"a.jpg"x,', "expected after"),
        ("1,hat,a.jpg," + "x" * 200_000, "limit"),
        ("1,hat,a.jpg," + "x" * 2_000_000, "longer than"),
        ("1,hat,a.jpg,é:\udcff", "UTF-8"),
    ],
)
def test_a_bad_row_names_its_line_and_the_next_is_read(folder: Path, row: str, why: str) -> None:
    table = folder / "t.csv"
    text = f"id,category,photo,labels\n0,hat,a.jpg,\n{row}\n9,hat,b.jpg,\n"
    table.write_bytes(text.encode("utf-8", "surrogateescape"))
    first, wrong, last = read(table)
    assert isinstance(wrong, BadEntry)
    assert wrong.source == "t.csv:3"
    assert why in wrong.message
    assert isinstance(first, NewPhoto)
    assert isinstance(last, NewPhoto)
    assert last.item.id == "9"


def test_a_quote_that_is_never_closed_is_told_with_the_lines_it_swallowed(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text('id,category,photo\n1,hat,a.jpg\n2,"hat,b.jpg\n3,hat,a.jpg\n')
    entries = read(table)
    assert len(good(entries)) == 1
    assert [entry.source for entry in bad(entries)] == ["t.csv:3-4"]


@pytest.mark.parametrize(
    "header",
    ["", "id", "photo", "id,photo,photo", "id,photo,PHOTO", "id,photo,colour", "id,attr.a b", '"id,photo', "\udcff,id"],
)
def test_a_header_that_cannot_be_right_is_told_at_once(folder: Path, header: str) -> None:
    table = folder / "t.csv"
    table.write_bytes(f"{header}\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidRequestError, match=r"t\.csv:1"):
        read(table)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "3",
        '{"id": 3, "category": "hat", "photos": ["a.jpg"]}',
        '{"id": "1", "category": "hat", "photos": "a.jpg"}',
        '{"id": "1", "category": "hat", "photos": []}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "price": 3}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "attributes": {"price": NaN}}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "attributes": {"price": 1e999}}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "attributes": {"Price": 1}}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "url": "ftp://x"}',
        '{"id": "1", "category": "hat", "photos": ["a.jpg"], "labels": ["category:hat"]}',
        '{"id": "\\ud800", "category": "hat", "photos": ["a.jpg"]}',
        '{"id": "1", "category": "hat", "title": "é\udcff", "photos": ["a.jpg"]}',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_a_bad_line_is_told_and_the_next_is_read(folder: Path, line: str) -> None:
    lines = folder / "t.jsonl"
    right = '{"id": "9", "category": "hat", "photos": ["b.jpg"]}'
    lines.write_bytes(f"{line}\r\n{right}\r\n".encode("utf-8", "surrogateescape"))
    wrong, last = read(lines)
    assert isinstance(wrong, BadEntry)
    assert wrong.source == "t.jsonl:1"
    assert isinstance(last, NewPhoto)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('"labels": "colour:red;brim:wide"', "labels: must be a list"),
        ('"photos": "a.jpg"', "photos: must be a list"),
        ('"photos": []', "photos: must not be empty"),
        ('"photo": ["a.jpg"]', "photo: must be a string"),
        ('"photo": ""', "photo: must not be empty"),
        ('"title": 3', "title: must be a string"),
        ('"attributes": "red"', "attributes: must be an object"),
        ('"price": 3', "price: is not known"),
    ],
)
def test_a_field_of_the_wrong_kind_is_told_in_plain_words(folder: Path, said: str, why: str) -> None:
    (folder / "t.jsonl").write_text(f'{{"id": "1", "category": "hat", {said}}}')
    (wrong,) = bad(read(folder / "t.jsonl"))
    assert wrong.message == why


def test_a_line_of_json_may_name_a_single_photo(folder: Path) -> None:
    (folder / "t.jsonl").write_text('{"id": "1", "photo": "b.jpg"}\n{"id": "2", "photo": "b.jpg", "photos": ["a.jpg"]}')
    found = [entry.source for entry in good(read(folder / "t.jsonl"))]
    assert found == ["t.jsonl:1 b.jpg", "t.jsonl:2 b.jpg", "t.jsonl:2 a.jpg"]


def test_half_a_row_is_no_item(folder: Path) -> None:
    (folder / "t.csv").write_text("id,photo,title\n1,a.jpg,Nice\ndress,\n2,b.jpg,Two\n")
    entries = read(folder / "t.csv")
    assert [entry.item.id for entry in good(entries)] == ["1", "2"]
    assert [entry.source for entry in bad(entries)] == ["t.csv:3"]


def test_columns_without_a_name_are_none_where_they_are_empty(folder: Path) -> None:
    (folder / "t.csv").write_text("id;;photo;;\n1;;a.jpg;;\n2; ;b.jpg;;\n3;;a.jpg;;stray\n4;x;a.jpg;;\n")
    entries = read(folder / "t.csv")
    assert [entry.item.id for entry in good(entries)] == ["1", "2"]
    assert [entry.source for entry in bad(entries)] == ["t.csv:4", "t.csv:5"]
    assert "'stray' stands in a column without a name" in bad(entries)[0].message
    assert len(good(read(folder / "t.csv", ignore_columns=True))) == 4


def test_a_line_of_json_says_what_the_api_would_be_told(folder: Path) -> None:
    lines = folder / "t.jsonl"
    whole = {
        "id": "1",
        "category": "hat",
        "title": "T",
        "labels": ["colour:red"],
        "attributes": {"price": 3, "since": {"date": "2026-01-31"}},
        "url": "https://x.example",
        "photos": ["a.jpg", "b.jpg"],
    }
    lines.write_text(json.dumps(whole), encoding="utf-8-sig")
    entries = good(read(lines))
    assert [entry.source for entry in entries] == ["t.jsonl:1 a.jpg", "t.jsonl:1 b.jpg"]
    assert str((entries[0].item.attributes or {})["since"]) == "2026-01-31"


cells = st.text(st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=60)
@given(st.lists(st.lists(cells, min_size=1, max_size=6), max_size=8))
def test_no_table_stops_the_reader(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    buffer, last = io.StringIO(), "9" * 31  # longer than any cell
    csv.writer(buffer).writerows(rows)
    (folder / "a.jpg").write_bytes(b"a")
    table = folder / "t.csv"
    table.write_bytes(
        b"id,category,photo,title\r\n" + buffer.getvalue().encode() + f"{last},hat,a.jpg,last\r\n".encode()
    )
    entries = read(table)
    assert good(entries)[-1].item.id == last


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_no_bytes_stop_the_readers(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    for name, header in (("t.csv", b"id,category,photo\n"), ("t.jsonl", b"")):
        (folder / name).write_bytes(header + junk)
        with suppress(InvalidRequestError):  # of an encoding that cannot be guessed
            assert not good(read(folder / name))


def test_the_share_that_was_worked_through_grows(folder: Path) -> None:
    lines = folder / "t.jsonl"
    lines.write_text("".join(json.dumps({"id": f"{at}", "photos": ["a.jpg"]}) + "\n" for at in range(2000)))
    source = open_source(lines, SourceOptions())
    entries = source.entries()
    next(entries)
    assert source.read() < 0.1
    assert sum(1 for _ in entries) == 1_999
    assert source.read() == 1.0
    source.close()


def test_memory_does_not_grow_with_the_rows(folder: Path) -> None:
    title = "a title " * 20

    def peak(rows: int) -> int:
        table = folder / "t.csv"
        with table.open("w") as file:
            file.write("id,title,photo\n")
            file.writelines(f"sku-{at % (rows // 2)},{title},a.jpg\n" for at in range(rows))
        gc.collect()
        tracemalloc.start()
        source = open_source(table, SourceOptions())
        assert sum(1 for _ in source.entries()) == rows // 2
        source.close()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # Other tests' threads allocate beside it, so it is held against half of what the further rows say.
    assert peak(8000) - peak(2000) < 6000 * len(title) / 2


def test_rows_of_one_id_are_one_item_wherever_they_stand(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text(
        "id,category,title,labels,attr.price,photo\n"
        "1,dress,One,colour:red,19.90,a.jpg\n"
        "2,hat,Two,,5,a.jpg\n"
        '1,,,,"19,9",b.jpg\n'
        "1,,,,,a.jpg\n"
    )
    entries = good(read(table))
    assert [entry.source for entry in entries] == ["t.csv:2 a.jpg", "t.csv:4 b.jpg", "t.csv:3 a.jpg"]
    assert entries[0].item == entries[1].item
    one = entries[0].item
    assert (one.category, one.title, one.labels) == ("dress", "One", {Label("colour", "red")})
    assert dict(one.attributes or {}) == {"price": 19.9}


@pytest.mark.parametrize(
    ("second", "part"),
    [
        ("1,,Other,,,b.jpg", "title"),
        ("1,hat,,,,b.jpg", "category"),
        ("1,,,colour:blue,,b.jpg", "labels"),
        ("1,,,,8,b.jpg", "attributes.price"),
    ],
)
def test_rows_that_contradict_each_other_are_told_with_both_lines(folder: Path, second: str, part: str) -> None:
    table = folder / "t.csv"
    table.write_text(f"id,category,title,labels,attr.price,photo\n1,dress,One,colour:red,5,a.jpg\n{second}\n")
    entries = read(table)
    assert [entry.source for entry in good(entries)] == ["t.csv:2 a.jpg"]
    (wrong,) = bad(entries)
    assert (wrong.source, wrong.item) == ("t.csv:3", "1")
    assert f"contradicts t.csv:2 on {part}" in wrong.message


def test_rows_without_a_photo_change_what_they_name(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text("id,attr.price,title\n1,5,\n2,6,Two\n1,,One\n")
    entries = read(table)
    assert entries == [
        Described(ItemPatch(ItemId("1"), title="One", attributes={"price": 5}), "t.csv:2"),
        Described(ItemPatch(ItemId("2"), title="Two", attributes={"price": 6}), "t.csv:3"),
    ]


@pytest.mark.parametrize("line", ['{"id": "1", "title": null}', '{"id": "1", "title": ""}'])
def test_a_line_of_json_clears_what_it_says_is_nothing(folder: Path, line: str) -> None:
    (folder / "t.jsonl").write_text(line)
    assert read(folder / "t.jsonl") == [Described(ItemPatch(ItemId("1"), title="", attributes={}), "t.jsonl:1")]


WORDS = 'ID; Photo ;"TITLE";Attr.Price\r\n1;a.jpg;Robe d’été à 10 €;1.299,00 €\r\n'


@pytest.mark.parametrize(
    ("written", "lines_before"),
    [
        (WORDS.encode("utf-8-sig"), 0),
        (WORDS.encode(), 0),
        (WORDS.encode("cp1252"), 0),
        (WORDS.encode("utf-16"), 0),
        (WORDS.encode("utf-16-le"), 0),
        (WORDS.encode("utf-16-be"), 0),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), 0),
        (WORDS.encode("utf-32"), 0),
        (f"sep=;\r\n{WORDS}".encode(), 1),
        (f'\ufeff"sep=;"\r\n{WORDS}'.encode(), 1),
        (f"SEP=|\r\n{WORDS.replace(';', '|')}".encode("utf-16"), 1),
        (WORDS.replace(";", "\t").encode("utf-16"), 0),
        (WORDS.replace(";", ",").replace("1.299,00 €", '"1.299,00 €"').encode("cp1252"), 0),
        (WORDS.replace("\r\n", "\r").encode(), 0),
    ],
)
def test_what_excel_writes_is_read(folder: Path, written: bytes, lines_before: int) -> None:
    table = folder / "t.csv"
    table.write_bytes(written)
    (entry,) = good(read(table))
    assert (entry.item.title, dict(entry.item.attributes or {})) == ("Robe d’été à 10 €", {"price": 1299.0})
    assert entry.source == f"t.csv:{2 + lines_before} a.jpg"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Красное платье"),
        ("cp932", "赤いドレスとぼうし"),
        ("cp1250", "Sukienka żółta w kwiaty"),
        ("cp1253", "Κόκκινο φόρεμα"),
        ("mac_roman", "Robe d'été brodée"),
        ("cp850", "Robe d'été à fleurs brodées"),
    ],
)
def test_text_that_cannot_be_guessed_asks_for_its_encoding(folder: Path, encoding: str, text: str) -> None:
    table = folder / "t.csv"
    table.write_bytes(f"id,title\n1,{text}\n".encode(encoding))
    with pytest.raises(InvalidRequestError, match="--encoding"):
        read(table)
    (entry,) = read(table, encoding=encoding)
    assert isinstance(entry, Described)
    assert entry.patch.title == text
    with pytest.raises(InvalidRequestError, match="encoding"):
        read(table, encoding="klingon")


def test_an_encoding_that_was_guessed_is_told(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_bytes("id,title,Vendor\n1,Été,V\n".encode("cp1252"))
    source = open_source(table, SourceOptions(ignore_columns=True))
    assert len(list(source.entries())) == 1
    encoding, columns = source.warnings()
    assert "cp1252" in encoding
    assert columns == "columns left out: 'vendor'"
    source.close()
