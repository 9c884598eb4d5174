"""`lookalike doctor` finds every damage, repairs what can be repaired, and finds nothing the next time."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from cli_harness import Ran, Run, connect_with_fake

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.stores import DATABASE, open_stores
from lookalike.domain.label import Label
from lookalike.domain.neighbour import Reason
from lookalike.domain.query import ByPhoto, Query
from lookalike.embedded import THE_CATALOGUE, EmbeddedCatalogue

Damaging = Callable[[Path], object]


def matrix(shop: Path) -> np.memmap:
    return np.memmap(next(shop.glob("index/*/vectors.f32")), "<f4", "r+").reshape(-1, 256)


def vectors(change: Callable[[np.memmap], object]) -> Damaging:
    def damage(shop: Path) -> None:
        opened = matrix(shop)
        change(opened)
        opened.flush()

    return damage


def nan(opened: np.memmap) -> None:
    opened[2] = np.nan


def zero(opened: np.memmap) -> None:
    opened[2] = 0


def shuffled(opened: np.memmap) -> None:
    opened[:6] = opened[:6][::-1].copy()


def short(shop: Path) -> None:
    path = next(shop.glob("index/*/vectors.f32"))
    path.write_bytes(path.read_bytes()[:3000])


def no_vectors(shop: Path) -> None:
    next(shop.glob("index/*/vectors.f32")).unlink()


def stores(change: Callable[[EmbeddedCatalogue], object]) -> Damaging:
    def damage(shop: Path) -> None:
        with connect_with_fake(str(shop)) as opened:
            assert isinstance(opened, EmbeddedCatalogue)
            change(opened)

    return damage


def other_labels(opened: EmbeddedCatalogue) -> None:
    (item,) = opened.list_items(limit=1)
    wrong = type(item)(item.id, item.category, labels=frozenset({Label("colour", "none")}))
    opened.stores.index.relabel_many(opened.id, [wrong])


def no_entries(opened: EmbeddedCatalogue) -> None:
    opened.stores.index.remove_items(opened.id, [item.id for item in opened.list_items()])


def no_items(opened: EmbeddedCatalogue) -> None:
    opened.stores.items.remove_many(opened.id, [opened.list_items()[0].id])


def sql(*statements: str) -> Damaging:
    def damage(shop: Path) -> None:
        with closing(Database(shop / DATABASE)) as database:
            for statement in statements:
                database.execute(statement)

    return damage


BAD_ROW = """INSERT INTO items (catalogue, id, category, title, labels, attributes)
    VALUES ('default', 'SKU 12/3', 'dress', '', '[]', '{}')"""


def each(pattern: str, change: Callable[[Path], object]) -> Damaging:
    def damage(shop: Path) -> None:
        found = [path for path in shop.glob(pattern) if path.is_file()]
        assert found
        for path in found:
            change(path)

    return damage


def stray(shop: Path) -> None:
    copied = next(shop.glob("photos/*/uploads/*/*"))
    (copied.parent / ("0" * 64)).write_bytes(b"nobody's")


def left_over(shop: Path) -> None:
    shutil.copytree(next(shop.glob("index/generation-*")), shop / "index" / "generation-77")
    next(shop.glob("index/*")).joinpath("abc.part").write_bytes(b"cut short")


REPAIRABLE: dict[str, tuple[Damaging, str]] = {
    "NaN": (vectors(nan), "entry"),
    "zero": (vectors(zero), "entry"),
    "shuffled": (vectors(shuffled), "entry"),
    "a short file of vectors": (short, "index"),
    "no file of vectors": (no_vectors, "index"),
    "other labels": (stores(other_labels), "labels"),
    "no entries": (stores(no_entries), "entry"),
    "no postings": (sql("DELETE FROM index_postings WHERE row > 2"), "index"),
    "too many postings": (sql("INSERT INTO index_postings SELECT max(number), 999 FROM index_labels"), "index"),
    "no thumbnail": (each("photos/*/thumbnails/*/*", Path.unlink), "thumbnail"),
    "bad thumbnail": (each("photos/*/thumbnails/*/*", lambda path: path.write_bytes(b"?" * 99)), "thumbnail"),
    "wrong counts": (sql("UPDATE counters SET value = value + 5"), "count"),
    "a stray file": (stray, "stray"),
    "left over files": (left_over, "index"),
    "a failed upload": (sql("UPDATE uploads SET status = 'failed' WHERE id = (SELECT min(id) FROM uploads)"), "upload"),
}


@pytest.fixture
def filled(run: Run, shop: Path, photos: Path) -> Path:
    assert run("import", photos, "-c", shop, "--category-from-folder").code == 0
    return shop


def seen(shop: Path, photos: Path) -> list[list[tuple[str, float]]]:
    with connect_with_fake(str(shop)) as opened:
        found = [opened.search(Query(ByPhoto(path.read_bytes()))) for path in sorted(photos.rglob("*.jpg"))]
    return [[(one.item.id, round(one.score, 5)) for one in result.neighbours] for result in found]


def doctor(run: Run, shop: Path, *more: str) -> tuple[int, list[dict[str, str]]]:
    ran: Ran = run("doctor", "-c", shop, "--json", *more)
    told = json.loads(ran.out)
    assert told["sound"] is (ran.code == 0)
    return ran.code, told["damage"]


def test_a_sound_catalogue_is_left_as_it_is(run: Run, filled: Path) -> None:
    assert doctor(run, filled) == (0, [])
    files = {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()}
    assert doctor(run, filled, "--repair") == (0, [])
    assert {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()} == files
    assert run("doctor", "-c", filled).out == "sound\n"


@pytest.mark.parametrize("name", REPAIRABLE)
def test_damage_is_found_and_repaired(run: Run, filled: Path, photos: Path, name: str) -> None:
    before = seen(filled, photos)
    damage, kind = REPAIRABLE[name]
    damage(filled)
    code, found = doctor(run, filled)
    assert code == 1
    assert kind in {one["kind"] for one in found}
    assert {one["outcome"] for one in found} == {"found"}
    code, repaired = doctor(run, filled, "--repair")
    assert code == 0
    assert {one["outcome"] for one in repaired} == {"repaired"}
    assert doctor(run, filled) == (0, [])
    assert seen(filled, photos) == before


def test_an_entry_without_an_item_goes(run: Run, filled: Path) -> None:
    stores(no_items)(filled)
    assert doctor(run, filled)[0] == 1
    assert doctor(run, filled, "--repair")[0] == 0
    assert doctor(run, filled) == (0, [])
    with closing(open_stores(filled)) as opened:
        assert opened.index.generations(THE_CATALOGUE)[0].entries == 5


def test_a_row_that_the_rules_refuse_is_told_whole_and_goes(run: Run, filled: Path) -> None:
    sql(BAD_ROW)(filled)
    assert [one["subject"] for one in doctor(run, filled)[1]] == ["SKU 12/3"]
    code, (lost,) = doctor(run, filled, "--repair")
    assert (code, lost["outcome"]) == (1, "lost")
    assert "dress" in lost["detail"]
    assert doctor(run, filled) == (0, [])
    assert run("search", "--item", "none", "-c", filled).code == 3


def test_what_cannot_be_made_again_is_told_and_nothing_else_suffers(run: Run, filled: Path, photos: Path) -> None:
    each("photos/*/uploads/*/*", lambda path: path.write_bytes(b"not what it was"))(filled)
    vectors(nan)(filled)
    code, told = doctor(run, filled, "--repair")
    assert code == 1
    assert sorted(one["kind"] for one in told if one["outcome"] == "lost") == ["entry", *["original"] * 6]
    assert {len(found) for found in seen(filled, photos)} == {5}
    assert doctor(run, filled, "--repair")[0] == 1
    each("photos/*/uploads/*/*", Path.unlink)(filled)
    assert {one["kind"] for one in doctor(run, filled)[1]} >= {"entry", "original"}


def test_a_database_that_is_none_is_told(run: Run, filled: Path) -> None:
    (filled / DATABASE).write_bytes(b"no database at all" * 500)
    code, (told,) = doctor(run, filled, "--repair")
    assert (code, told["kind"]) == (1, "catalogue")


def emptied(shop: Path) -> None:
    (shop / DATABASE).write_bytes(b"")


def without_tables(shop: Path) -> None:
    (shop / DATABASE).unlink()
    Database(shop / DATABASE).close()


LOSSES = {
    "gone": [each("photos/*/uploads/*/*", Path.unlink)],
    "not what they were": [each("photos/*/uploads/*/*", lambda path: path.write_bytes(b"not what it was"))],
    "gone with an entry": [each("photos/*/uploads/*/*", Path.unlink), vectors(zero)],
    "gone with thumbnails": [each("photos/*/[ut]*/*/*", Path.unlink)],
    "gone with everything": [each("photos/*/[ut]*/*/*", Path.unlink), stores(no_entries)],
}


@pytest.mark.parametrize("name", LOSSES)
def test_importing_what_was_lost_heals_it(run: Run, filled: Path, photos: Path, name: str) -> None:
    before = seen(filled, photos)
    for damage in LOSSES[name]:
        damage(filled)
    assert doctor(run, filled, "--repair")[0] == 1
    assert doctor(run, filled)[0] == 1
    assert run("import", photos, "-c", filled, "--category-from-folder").code == 0
    assert doctor(run, filled) == (0, [])
    assert seen(filled, photos) == before
    with connect_with_fake(str(filled)) as opened:
        found = [opened.search(Query(ByPhoto(path.read_bytes()))) for path in photos.rglob("*.jpg")]
        assert {result.neighbours[0].reason for result in found} == {Reason.EXACT}


@pytest.mark.parametrize("damage", [emptied, without_tables])
def test_an_empty_database_beside_photos_is_refused_and_nothing_goes(run: Run, filled: Path, damage: Damaging) -> None:
    photos = {path for path in filled.rglob("photos/**/*") if path.is_file()}
    damage(filled)
    assert run("status", "-c", filled).code != 0
    code, (told,) = doctor(run, filled, "--repair")
    assert (code, told["kind"]) == (1, "catalogue")
    assert "is empty: bring it back from a copy" in told["detail"]
    assert {path for path in filled.rglob("photos/**/*") if path.is_file()} == photos
    assert run("import", filled.parent, "-c", filled).code != 0


def test_originals_that_an_older_database_does_not_know_are_kept(run: Run, shop: Path, photos: Path) -> None:
    first, *rest = sorted(photos.rglob("*.jpg"))
    later = [path.read_bytes() for path in rest]
    assert run("import", first.parent, "-c", shop, "--category", "dress").code == 0
    older = (shop / DATABASE).read_bytes()
    assert run("import", photos, "-c", shop, "--category-from-folder").code == 0
    (shop / DATABASE).write_bytes(older)
    assert doctor(run, shop)[0] == 1
    code, told = doctor(run, shop, "--repair")
    assert code == 0
    assert any(f"lookalike import {shop / 'strays'}" in one["detail"] for one in told)
    kept = {path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    assert set(later) <= kept
    assert doctor(run, shop) == (0, [])
    assert run("import", shop / "strays", "-c", shop, "--category", "dress").code == 0
    assert all(seen(shop, photos))
    assert doctor(run, shop) == (0, [])


@pytest.mark.parametrize("bad", [b"", b"short", b"x" * 33])
def test_a_bad_key_of_upload_forms_is_made_anew(run: Run, filled: Path, bad: bytes) -> None:
    key = filled / "upload-forms.secret"
    key.write_bytes(bad)
    code, (told,) = doctor(run, filled)
    assert code == 1
    assert "doctor --repair" in told["detail"]
    code, (told,) = doctor(run, filled, "--repair")
    assert (code, told["kind"], told["outcome"]) == (0, "secret", "repaired")
    assert len(key.read_bytes()) == 32
    assert doctor(run, filled) == (0, [])


def test_what_an_interrupted_import_left_is_one_line(run: Run, filled: Path) -> None:
    sql("UPDATE uploads SET status = 'received'")(filled)
    found = [one for one in doctor(run, filled)[1] if one["kind"] == "upload"]
    assert [(one["subject"], one["detail"]) for one in found] == [
        ("6 waiting", "an import was cut short: run it again")
    ]
    assert doctor(run, filled, "--repair")[0] == 0
    assert doctor(run, filled) == (0, [])


def test_a_wrong_count_is_told_with_what_it_was(run: Run, filled: Path) -> None:
    with closing(open_stores(filled)) as opened:
        right = opened.counters.get("photo_bytes")
    sql("UPDATE counters SET value = value + 5 WHERE name = 'photo_bytes'")(filled)
    _, (told,) = doctor(run, filled, "--repair")
    assert told["detail"] == f"was counted as {right + 5:,} bytes, is {right:,}"


def test_a_creation_killed_before_the_first_table_opens(run: Run, shop: Path) -> None:
    shop.mkdir()
    for name in (DATABASE, "lock", "lock.pid"):
        (shop / name).write_bytes(b"")
    assert run("doctor", "-c", shop).out == "sound\n"


def test_a_catalogue_in_use_is_left_alone(run: Run, filled: Path) -> None:
    with closing(open_stores(filled)):
        assert run("doctor", "-c", filled, "--repair").code == 4


def test_memory_and_missing_folders(run: Run, tmp_path: Path) -> None:
    assert run("doctor", "-c", "memory:").code == 0
    assert run("doctor", "-c", tmp_path / "none").code == 3


def test_a_repair_that_was_cut_short_is_finished_by_the_next(run: Run, filled: Path, photos: Path) -> None:
    before = seen(filled, photos)
    for name in ("NaN", "other labels", "no postings", "no thumbnail", "a stray file", "left over files"):
        REPAIRABLE[name][0](filled)
    for steps in range(1, 40, 4):
        with connect_with_fake(str(filled)) as opened:
            assert isinstance(opened, EmbeddedCatalogue)
            examined = opened.examine(repair=True)
            for _ in range(steps):
                next(examined, None)
            examined.close()  # type: ignore[attr-defined]
    assert doctor(run, filled, "--repair")[0] == 0
    assert doctor(run, filled) == (0, [])
    assert seen(filled, photos) == before
