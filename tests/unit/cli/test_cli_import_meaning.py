"""What a row, an empty cell, a missing column, a repeated id and a vanished photo mean: docs/importing.md's table."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_harness import Ran, Run, connect_with_fake, picture, runner

from lookalike.cli.named import Named
from lookalike.cli.site import site_of
from lookalike.cli.sync import remove_left_over
from lookalike.cli.tally import Tally
from lookalike.client import HttpCatalogue
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByPhoto, Query
from lookalike.embedded import EmbeddedCatalogue
from tests.serving import serving

CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="data: the small inputs that once failed are not here")
Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def bring(run: Run, shop: Path) -> Bring:
    """Import and give back the summary, with the exit code as `code` and what a person is told as `told`."""

    def run_it(source: Path, *options: object) -> dict[str, Any]:
        ran = run("import", source, "-c", shop, "--json", *options)
        return {**json.loads(ran.out.splitlines()[-1]), "code": ran.code, "told": ran.err}

    return run_it


def items_in(shop: Path) -> dict[str, Item]:
    with connect_with_fake(str(shop)) as catalogue:
        return {item.id: item for item in catalogue.list_items(limit=1000)}


def matches(shop: Path, photo: bytes) -> list[tuple[str, str]]:
    """Items that show these very bytes."""
    with connect_with_fake(str(shop)) as catalogue:
        found = catalogue.search(Query(ByPhoto(photo))).neighbours
        return [(one.item.id, str(one.reason)) for one in found if one.reason == "exact"]


def table(folder: Path, text: str, name: str = "shop.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@needs_cases
def test_the_case_of_rows_with_empty_cells(bring: Bring, shop: Path) -> None:
    assert bring(CASES / "dup.csv")["imported"] == 2
    (item,) = items_in(shop).values()
    assert (item.title, sorted(map(str, item.labels))) == ("Evening dress", ["colour:red", "length:long"])
    assert (dict(item.attributes), len(item.photos)) == ({"price": 89.9}, 2)


@needs_cases
def test_the_case_of_two_cameras(bring: Bring, shop: Path) -> None:
    bring(CASES / "camera", "--category-from-folder")
    assert set(items_in(shop)) == {"dress:IMG_0001", "hat:IMG_0001"}
    shutil.rmtree(shop)
    for options in ((), ("--sync", "--yes")):
        assert bring(CASES / "camera" / "dress", "--category", "dress")["rejected"] == 0
        second = bring(CASES / "camera" / "hat", "--category", "hat", *options)
        assert (second["code"], second["rejected"]) == (1, 1)
        (item,) = items_in(shop).values()
        assert (item.category, len(item.photos)) == ("dress", 1)


@needs_cases
def test_the_case_of_a_nas(bring: Bring, shop: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    found = bring(CASES / "nas", "--category-from-folder", "--events", events)
    assert (found["imported"], found["skipped"], found["rejected"]) == (2, 2, 0)
    assert set(items_in(shop)) == {"dress:one", "dress:DSC0001.HIF"}
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert {event["source"] for event in told if event["status"] == "skipped"} == {
        "#recycle/sold.jpg",
        "dress/@eaDir/one.jpg/SYNOFILE_THUMB_M.jpg",
    }


def test_rows_of_one_id_far_apart_are_one_item(bring: Bring, shop: Path, photos: Path) -> None:
    many = "".join(f"sku-{at},hat,,,hat/0.jpg\n" for at in range(150))
    path = table(photos, f"id,category,title,attr.price,photo\n1,dress,One,5,hat/2.jpg\n{many}1,,,,dress/1.jpg\n")
    assert bring(path)["imported"] == 152
    item = items_in(shop)["1"]
    assert (item.title, dict(item.attributes), len(item.photos)) == ("One", {"price": 5}, 2)


def test_prices_change_without_looking_at_a_photo(bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,title,labels,photo\n1,hat,One,colour:red,hat/0.jpg\n2,hat,Two,,hat/2.jpg\n"))
    for path in (photos / "hat").iterdir():
        path.unlink()
    found = bring(table(photos, "id,attr.price\n1,5\n2,6\n3,7\n", "prices.csv"))
    assert (found["code"], found["updated"], found["imported"], found["rejected"]) == (1, 2, 0, 1)
    assert (found["errors"][0]["source"], found["left_over_items"]) == ("prices.csv:4", 0)
    items = items_in(shop)
    assert (items["1"].title, len(items["1"].labels), dict(items["1"].attributes)) == ("One", 1, {"price": 5})
    assert (len(items["1"].photos), set(items)) == (1, {"1", "2"})
    assert bring(photos / "prices.csv", "--category", "dress")["rejected"] == 0
    assert {id_: item.category for id_, item in items_in(shop).items()} == {"1": "hat", "2": "hat", "3": "dress"}


def test_replace_clears_what_a_row_does_not_name(bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,title,labels,attr.price,photo\n1,hat,One,colour:red,5,hat/0.jpg\n"))
    path = table(photos, "id,attr.stock\n1,3\n", "stock.csv")
    assert bring(path, "--replace")["updated"] == 1
    item = items_in(shop)["1"]
    assert (item.category, item.title, item.labels, dict(item.attributes)) == ("hat", "", frozenset(), {"stock": 3})
    assert len(item.photos) == 1
    bring(table(photos, "id,title,photo\n1,New,hat/0.jpg\n", "new.csv"), "--replace")
    assert (items_in(shop)["1"].title, dict(items_in(shop)["1"].attributes)) == ("New", {})


def test_one_row_that_is_too_much_does_not_stop_the_rest(bring: Bring, photos: Path) -> None:
    many = {f"a{at}": at for at in range(40)}
    lines = [{"id": id_, "category": "hat", "attributes": many} for id_ in ("1", "2")]
    bring(table(photos, "\n".join(map(json.dumps, lines)), "a.jsonl"))
    more = {"attributes": {f"b{at}": at for at in range(40)}}
    text = "\n".join(map(json.dumps, [{"id": "1", **more}, {"id": "2", "title": "Two"}, {"id": "3", "photos": ["x"]}]))
    found = bring(table(photos, text, "b.jsonl"))
    assert (found["updated"], found["rejected"]) == (1, 2)
    photo = json.dumps({"id": "1", **more, "photos": ["hat/0.jpg"]})
    assert bring(table(photos, photo, "c.jsonl"))["errors"][0]["source"] == "c.jsonl:1 hat/0.jpg"


def test_a_folder_does_not_wipe_what_a_table_said(bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,title,photo\nhat:0,hat,Title,hat/0.jpg\n"))
    bring(photos, "--category-from-folder")
    assert items_in(shop)["hat:0"].title == "Title"


def test_a_replaced_file_is_an_error_until_sync_says_so(bring: Bring, shop: Path, photos: Path) -> None:
    bring(photos, "--category-from-folder")
    old, new = (photos / "hat" / "0.jpg").read_bytes(), picture(77)
    (photos / "hat" / "0.jpg").write_bytes(new)
    found = bring(photos, "--category-from-folder")
    assert (found["code"], found["rejected"]) == (1, 1)
    assert "--sync" in found["errors"][0]["message"]
    found = bring(photos, "--category-from-folder", "--sync")
    assert (found["code"], found["imported"], found["removed_photos"]) == (0, 1, 1)
    assert (matches(shop, old), matches(shop, new)) == ([], [("hat:0", "exact")])
    (photos / "hat" / "0.jpg").write_bytes(old)
    bring(photos, "--category-from-folder", "--sync")
    assert (matches(shop, old), matches(shop, new)) == ([("hat:0", "exact")], [])


def test_photos_a_row_no_longer_names_are_counted_and_go_by_sync(bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,photos\n1,hat,hat/0.jpg;hat/2.jpg;hat/4.jpg\n2,hat,dress/1.jpg\n"))
    path = table(photos, "id,photos\n1,hat/2.jpg\n")
    found = bring(path)
    assert (found["code"], found["left_over_photos"], found["left_over_items"]) == (0, 2, 1)
    dry = bring(path, "--sync", "--dry-run")
    assert (dry["removed_photos"], dry["removed_items"], len(items_in(shop)["1"].photos)) == (2, 1, 3)
    found = bring(path, "--sync")
    assert (found["code"], found["removed_photos"], found["removed_items"], found["left_over_photos"]) == (0, 2, 1, 0)
    assert [len(item.photos) for item in items_in(shop).values()] == [1]
    assert matches(shop, (photos / "hat" / "0.jpg").read_bytes()) == []


def test_without_a_photo_a_row_says_nothing_of_photos(bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,photos\n1,hat,hat/0.jpg;hat/2.jpg\n2,hat,hat/4.jpg\n"))
    found = bring(table(photos, "id,title,photos\n1,New,\n2,,hat/4.jpg\n"), "--sync")
    assert (found["removed_photos"], len(items_in(shop)["1"].photos)) == (0, 2)


@pytest.mark.parametrize("fault", ["gone photo", "no image", "bad row", "contradiction"])
def test_what_could_not_be_read_is_never_removed(bring: Bring, shop: Path, photos: Path, fault: str) -> None:
    start = "id,category,title,photo\n1,hat,,hat/0.jpg\n2,hat,,hat/2.jpg\n2,,,dress/3.jpg\n3,hat,,hat/4.jpg\n"
    bring(table(photos, start))
    (photos / "text.jpg").write_bytes(b"not a photo at all")
    row = {
        "gone photo": "2,hat,,gone.jpg\n2,,,hat/2.jpg",
        "no image": "2,hat,,text.jpg\n2,,,hat/2.jpg",
        "bad row": "2,hat,,hat/2.jpg,",
        "contradiction": "2,hat,A,hat/2.jpg\n2,hat,B,",
    }[fault]
    found = bring(table(photos, f"id,category,title,photo\n1,hat,,hat/0.jpg\n{row}\n3,hat,,hat/4.jpg\n"), "--sync")
    assert (found["code"], found["removed_items"], found["removed_photos"]) == (1, 0, 0)
    assert {id_: len(item.photos) for id_, item in items_in(shop).items()} == {"1": 1, "2": 2, "3": 1}


def test_an_item_whose_photo_was_rejected_is_not_left_over(run: Run, shop: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "good.jpg").write_bytes(picture(1))
    (new / "empty.jpg").write_bytes(b"")
    ran = run("import", new, "-c", shop, "--category", "hat")
    assert (ran.code, sorted(items_in(shop))) == (1, ["empty", "good"])
    assert "left over" not in ran.err


@pytest.mark.parametrize("row", ["2,hat,,gone.jpg", "2,hat,,", "2,,A,\n2,,B,hat/2.jpg"])
def test_what_went_wrong_of_an_item_leaves_no_item_over(bring: Bring, photos: Path, row: str) -> None:
    header = "id,category,title,photo\n1,hat,,hat/0.jpg\n"
    bring(table(photos, f"{header}2,hat,,hat/2.jpg\n3,hat,,hat/4.jpg\n"))
    assert bring(table(photos, header + row))["left_over_items"] == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="platform: every folder can be read")
def test_a_folder_that_cannot_be_read_removes_nothing(bring: Bring, shop: Path, photos: Path) -> None:
    bring(photos, "--category-from-folder")
    (photos / "hat").chmod(0)
    found = bring(photos, "--category-from-folder", "--sync", "--yes")
    (photos / "hat").chmod(0o755)
    assert (found["removed_items"], len(items_in(shop))) == (0, 6)


def test_an_empty_source_removes_nothing(bring: Bring, shop: Path, photos: Path, tmp_path: Path) -> None:
    bring(photos, "--category-from-folder")
    (tmp_path / "unmounted").mkdir()
    found = bring(tmp_path / "unmounted", "--category-from-folder", "--sync", "--yes")
    assert (found["removed_items"], len(items_in(shop))) == (0, 6)


def test_sync_of_one_category_keeps_to_it(bring: Bring, shop: Path, photos: Path) -> None:
    bring(photos, "--category-from-folder")
    found = bring(photos / "hat", "--category", "Hat", "--sync", "--yes")
    assert (found["removed_items"], len(items_in(shop))) == (3, 6)
    assert {item.category for item in items_in(shop).values()} == {"hat", "dress"}


def test_much_is_removed_only_where_somebody_agrees(run: Run, bring: Bring, shop: Path, photos: Path) -> None:
    bring(photos, "--category-from-folder")
    for name in ("hat/0.jpg", "hat/2.jpg", "dress/1.jpg", "dress/3.jpg"):
        (photos / name).unlink()
    found = bring(photos, "--category-from-folder", "--sync")
    assert (found["code"], found["removed_items"], len(items_in(shop))) == (1, 0, 6)
    assert found["removal_refused"]
    assert "--yes" in found["told"]
    dry = run("import", photos, "-c", shop, "--category-from-folder", "--sync", "--dry-run")
    assert (dry.code, "would remove hat:0" in dry.out, len(items_in(shop))) == (0, True, 6)
    found = bring(photos, "--category-from-folder", "--sync", "--yes")
    assert (found["code"], found["removed_items"], len(items_in(shop))) == (0, 4, 2)


@dataclass
class Shelf:
    """A catalogue that counts what is taken out."""

    items: list[Item]
    removed: int = 0

    def list_items(self, after: ItemId | None, limit: int) -> list[Item]:
        return self.items[:limit] if after is None else []

    def remove_items(self, items: Sequence[ItemId]) -> None:
        self.removed += len(items)

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> None:
        del photos


@pytest.mark.parametrize(
    ("gone_items", "items", "gone_photos", "photos_each", "asks"),
    [(1, 3, 0, 1, 0), (2, 4, 0, 1, 0), (2, 3, 0, 1, 1), (10, 40, 0, 1, 0), (11, 40, 0, 1, 1), (11, 120, 0, 1, 0),
     (0, 5, 10, 4, 0), (0, 5, 11, 4, 1), (0, 40, 11, 4, 0), (0, 3, 0, 1, 0)],
)  # fmt: skip
def test_the_limit_past_which_it_asks(
    gone_items: int, items: int, gone_photos: int, photos_each: int, asks: int
) -> None:
    def of(at: int) -> tuple[PhotoId, ...]:
        return tuple(PhotoId.of(f"{at} {number}".encode()) for number in range(photos_each))

    there = [Item(ItemId(f"i{at:03}"), "hat", photos=of(at)) for at in range(items)]
    spare = [(item.id, photo) for item in there for photo in item.photos[1:]][:gone_photos]
    questions, shelf, tally = list[str](), Shelf(there), Tally()
    with closing(Named()) as named:
        for item in there[gone_items:]:
            named.add(item.id, item)
            for photo in item.photos:
                if (item.id, photo) not in spare:
                    named.came(item.id, photo)

        def ask(question: str) -> bool:
            questions.append(question)
            return False

        agreed = remove_left_over(shelf, named, tally, None, ask)  # type: ignore[arg-type]
    assert (len(questions), agreed) == (asks, not asks)
    assert (shelf.removed, tally.removed_photos) == ((0, 0) if asks else (gone_items, gone_photos))


def test_a_dry_run_tells_and_changes_nothing(bring: Bring, shop: Path, photos: Path) -> None:
    found = bring(photos, "--category-from-folder", "--dry-run")
    assert (found["code"], found["imported"], found["dry_run"], shop.exists()) == (0, 6, True, False)
    bring(photos, "--category-from-folder")
    before = items_in(shop)
    (photos / "hat" / "new.jpg").write_bytes(picture(99))
    path = table(photos, "id,attr.price,photo\nhat:0,5,\nhat:9,5,\nhat:2,,hat/4.jpg\n")
    assert bring(photos, "--category-from-folder", "--dry-run")["imported"] == 1
    found = bring(path, "--dry-run")
    assert (found["updated"], found["rejected"], found["imported"]) == (1, 1, 1)
    assert items_in(shop) == before


def test_options_of_a_table_are_refused_for_a_folder(run: Run, shop: Path, photos: Path) -> None:
    for option in (("--replace",), ("--encoding", "cp1252"), ("--ignore-columns",)):
        assert run("import", photos, "-c", shop, "--category", "hat", *option).code == 2


def test_columns_whose_numbers_stayed_text_are_told_once(bring: Bring, photos: Path) -> None:
    rows = "".join(f"{at},hat,1.2.{at},hat/0.jpg\n" for at in range(80))
    found = bring(table(photos, f"id,category,attr.price,photo\n{rows}"))
    assert found["told"].count("attr.price: 80 cells that look like numbers stayed text") == 1
    assert len(found["warnings"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="platform: names are Unicode")
def test_names_that_are_not_utf_8_and_control_characters_stay_readable(run: Run, shop: Path, photos: Path) -> None:
    names = [b"caf\xe9.jpg", b"\x1b[31m\nred.jpg", rb"a\xe9.jpg", b"tab\t.txt"]
    for name in names:
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(b"no photo")
    streams = [photos.parent / "events.jsonl", photos.parent / "errors.jsonl"]
    options = ("-c", shop, "--category", "hat", "--events", streams[0], "--errors", streams[1])
    ran = run("import", photos, *options, "--json")
    lines = [line for path in streams for line in path.read_bytes().decode("ascii").split("\n") if line]
    told = [json.loads(line) for line in [*lines, ran.out]]
    for value in told:
        json.dumps(value, ensure_ascii=False).encode()
    sources = {event["source"] for event in told}
    assert {"caf\\xe9.jpg", "\x1b[31m\nred.jpg", r"a\\xe9.jpg", "tab\t.txt"} <= sources
    shown = run("import", photos, *options)
    assert "\x1b" not in shown.err + shown.out


def ran_remove(run: Run, shop: Path, *arguments: object) -> Ran:
    return run("remove", "-c", shop, "--json", *arguments)


def test_remove_takes_items_and_single_photos_out(run: Run, bring: Bring, shop: Path, photos: Path) -> None:
    bring(table(photos, "id,category,photos\n1,hat,hat/0.jpg;hat/2.jpg\n2,hat,hat/4.jpg\n3,hat,dress/1.jpg\n"))
    photo = hashlib.sha256((photos / "hat" / "0.jpg").read_bytes()).hexdigest()
    ran = ran_remove(run, shop, "1", "--photo", photo.upper())
    assert (ran.code, json.loads(ran.out)) == (0, {"removed": [photo], "not_there": []})
    assert len(items_in(shop)[ItemId("1")].photos) == 1
    assert ran_remove(run, shop, "1", "--photo", photo).code == 3
    ran = ran_remove(run, shop, "2", "9")
    assert (ran.code, json.loads(ran.out)) == (3, {"removed": ["2"], "not_there": ["9"]})
    assert set(items_in(shop)) == {"1", "3"}
    plain = run("remove", "-c", shop, "3")
    assert (plain.code, plain.out) == (0, "1 items removed\n")


@pytest.mark.parametrize("arguments", [(), ("a b",), ("1", "--photo", "x"), ("1", "2", "--photo", "0" * 64)])
def test_remove_refuses_what_it_cannot_mean(run: Run, shop: Path, arguments: tuple[str, ...]) -> None:
    with connect_with_fake(str(shop)):
        pass
    assert ran_remove(run, shop, *arguments).code == 2


def test_sync_works_on_a_catalogue_over_http(photos: Path) -> None:
    with connect_with_fake("memory:") as near:
        assert isinstance(near, EmbeddedCatalogue)
        near.start_workers()
        with serving(site_of(near, None)) as url:
            run = runner(lambda where, **_: HttpCatalogue(where))

            def bring(text: str, *options: str) -> dict[str, Any]:
                ran = run("import", table(photos, text), "-c", url, "--json", *options)
                assert ran.code == 0, ran.err
                return dict(json.loads(ran.out))

            bring("id,category,photos\n1,hat,hat/0.jpg;hat/2.jpg\n2,hat,hat/4.jpg\n3,hat,dress/1.jpg\n")
            less = "id,title,photos\n1,New,hat/2.jpg\n2,,hat/4.jpg\n"
            assert (bring(less)["left_over_photos"], bring(less)["left_over_items"]) == (1, 1)
            assert bring(less, "--sync", "--dry-run")["removed_items"] == 1
            found = bring(less, "--sync")
            assert (found["removed_items"], found["removed_photos"], found["already_there"]) == (1, 1, 2)
            assert bring("id,attr.price\n1,5\n")["updated"] == 1
            assert [(item.id, item.title, len(item.photos)) for item in near.list_items()] == [
                ("1", "New", 1),
                ("2", "", 1),
            ]
            assert run("remove", "1", "-c", url).code == 0
