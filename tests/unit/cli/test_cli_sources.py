import json
import os
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from source_reading import bad, good, read

from lookalike.cli.sources import BadEntry, Skipped

Form = Literal["NFC", "NFD"]


def test_a_folder_is_read_by_name_without_hidden_and_other_files(folder: Path) -> None:
    (folder / ".hidden.jpg").write_bytes(b"")
    (folder / ".git").mkdir()
    (folder / ".git" / "c.jpg").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "D.HEIC").write_bytes(b"d")
    entries = good(read(folder, category="hat"))
    assert [entry.item.id for entry in entries] == ["a", "b", "deep:er:D.HEIC"]


def test_the_first_folder_is_the_category_and_photos_in_none_are_told(folder: Path) -> None:
    (folder / "T-Shirt" / "x").mkdir(parents=True)
    (folder / "T-Shirt" / "x" / "c.png").write_bytes(b"c")
    entries = read(folder, category_from_folder=True)
    assert [entry.item.category for entry in good(entries)] == ["t-shirt"]
    assert [entry.source for entry in bad(entries)] == ["a.jpg", "b.jpg"]
    assert not bad(read(folder, category_from_folder=True, category="hat"))


def test_an_id_stays_when_other_files_come_and_go(folder: Path) -> None:
    def ids() -> dict[str, str]:
        return {entry.source: entry.item.id for entry in good(read(folder, category="hat"))}

    assert ids() == {"a.jpg": "a", "b.jpg": "b"}
    (folder / "a.old").mkdir()
    for more in ("a.png", "a.jpeg", "a.JPG", "a.png.jpg", "a.old/a.jpg", "a.jpg.jpg", "a:b.jpg"):
        (folder / more).write_bytes(b"other")
    found = ids()
    assert (found["a.jpg"], found["b.jpg"], found["a.png"]) == ("a", "b", "a.png")
    assert len(set(found.values())) == 9
    (folder / "a.jpg").unlink()
    assert ids() == {place: id_ for place, id_ in found.items() if place != "a.jpg"}


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir/one.jpg/SYNOFILE_THUMB_M.jpg", "#recycle/a.jpg", "x/.@__thumb/a.jpg", "x/@__thumb/a.jpg"),
        *("__MACOSX/x/a.jpg", "lost+found/a.jpg", "$RECYCLE.BIN/S-1-5/a.jpg", "System Volume Information/a.jpg"),
        *(".Trashes/501/a.jpg", ".AppleDouble/a.jpg", "x/._a.jpg", "Thumbs.db", "x/notes.txt", "clip.mov"),
    ],
)
def test_what_is_no_photo_of_the_shop_is_passed_over_and_told(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    entries = read(folder, category="hat")
    assert [entry.source for entry in entries if isinstance(entry, Skipped)] == [name]
    assert [entry.item.id for entry in good(entries)] == ["a", "b"]


@pytest.mark.parametrize("ending", ["HIF", "mpo", "apng", "heics", "Jpe", "AVIF", "dib", "TIF", "jif"])
def test_every_ending_of_what_can_be_decoded_is_taken(folder: Path, ending: str) -> None:
    (folder / f"c.{ending}").write_bytes(b"c")
    assert len(good(read(folder, category="hat"))) == 3


@pytest.mark.skipif(os.name == "nt", reason="platform: links need a privilege on Windows")
def test_links_do_not_lead_out_of_the_folder(folder: Path) -> None:
    inside, outside = folder / "shop", folder / "a.jpg"
    inside.mkdir()
    (inside / "link.jpg").symlink_to(outside)
    (inside / "loop.jpg").symlink_to(inside / "loop.jpg")
    (inside / "up").symlink_to(folder)
    entries = read(inside, category="hat")
    assert [entry.source for entry in bad(entries)] == ["link.jpg", "loop.jpg"]
    assert [entry.source for entry in entries if isinstance(entry, Skipped)] == ["up"]
    allowed = good(read(inside, category="hat", allow_outside=True))
    assert [entry.item.id for entry in allowed] == ["link"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="platform: no named pipes")
def test_a_pipe_is_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    assert [entry.source for entry in bad(read(folder, category="hat"))] == ["pipe.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "https://shop.example/a.jpg",
        "s3://bucket/a.jpg",
        "file:///etc/hostname",
        "data:image/png;base64,AAAA",
        "../out.jpg",
        "/etc/hostname",
        "gone.jpg",
        "sub",
        "a\0.jpg",
        "x" * 5000,
        " ",
    ],
)
def test_a_photo_is_a_file_in_the_folder_or_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "shop" / "sub").mkdir(parents=True)
    (tmp_path / "out.jpg").write_bytes(b"out")
    lines = tmp_path / "shop" / "items.jsonl"
    lines.write_text(json.dumps({"id": "1", "category": "hat", "photos": [name]}))
    (entry,) = read(lines)
    assert isinstance(entry, BadEntry)
    assert entry.source == "items.jsonl:1"


@pytest.mark.parametrize(("named", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_a_photo_is_found_whatever_form_its_accents_have(tmp_path: Path, named: Form, on_disk: Form) -> None:
    photo = tmp_path / normalize(on_disk, "été") / normalize(on_disk, "Żółw.jpg")
    photo.parent.mkdir()
    photo.write_bytes(b"a")
    table = tmp_path / "t.csv"
    table.write_text(f"id,category,photo\n1,hat,{normalize(named, 'été/Żółw.jpg')}\n", encoding="utf-8")
    (entry,) = good(read(table))
    assert entry.content == photo


@pytest.mark.parametrize("name", [r"sub\é.jpg", r".\sub\é.jpg", r"sub\..\sub/é.jpg"])
def test_a_path_as_windows_writes_it_is_found(folder: Path, name: str) -> None:
    photo = folder / "sub" / normalize("NFD", "é.jpg")
    photo.parent.mkdir()
    photo.write_bytes(b"c")
    (folder / "t.csv").write_text(f"id,category,photo\n1,hat,{name}\n", encoding="utf-8")
    (entry,) = good(read(folder / "t.csv"))
    assert entry.content == photo


@pytest.mark.skipif(os.name == "nt", reason="platform: no backslash in a name on Windows")
def test_a_backslash_that_is_part_of_a_name_is_kept(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "c.jpg").write_bytes(b"other")
    (folder / r"sub\c.jpg").write_bytes(b"c")
    (folder / "t.csv").write_text("id,category,photo\n1,hat,sub\\c.jpg\n")
    (entry,) = good(read(folder / "t.csv"))
    assert entry.content == folder / r"sub\c.jpg"


@pytest.mark.parametrize(("name", "why"), [(r"..\out.jpg", "outside"), (r"sub\gone.jpg", "not there")])
def test_a_windows_path_stays_in_the_folder_and_is_told_as_written(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "out.jpg").write_bytes(b"out")
    (tmp_path / "shop" / "t.csv").write_text(f"id,category,photo\n1,hat,{name}\n")
    (wrong,) = bad(read(tmp_path / "shop" / "t.csv"))
    assert why in wrong.message
    assert f"'{name}'" in wrong.message


def test_a_photo_outside_is_read_where_that_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "out.jpg").write_bytes(b"out")
    table = tmp_path / "shop" / "t.csv"
    table.write_text(f"id,category,photos\n1,hat,../out.jpg;{tmp_path / 'out.jpg'}\n")
    assert len(bad(read(table))) == 2
    assert [entry.content for entry in good(read(table, allow_outside=True))] == [tmp_path / "out.jpg"] * 2
