import json
from pathlib import Path

import pytest
from cli_harness import Run, picture


@pytest.fixture
def filled(run: Run, shop: Path, photos: Path) -> Path:
    assert run("import", photos, "-c", shop, "--category-from-folder").code == 0
    return shop


def test_the_same_bytes_come_first_as_exact(run: Run, filled: Path, photos: Path) -> None:
    ran = run("search", photos / "hat" / "2.jpg", "-c", filled, "-k", "3", "--json")
    answer = json.loads(ran.out)
    first = answer["neighbours"][0]
    assert (ran.code, first["item"]["id"], first["reason"], first["rank"]) == (0, "hat:2", "exact", 1)
    assert len(answer["neighbours"]) == 3
    assert set(answer) == {"neighbours", "guess", "model", "stages_ms"}
    assert set(answer["stages_ms"]) == {"decode", "embed", "search", "describe"}
    assert set(answer["guess"]) == {"category", "probability"}


def test_people_get_a_table_and_the_times_beside_it(run: Run, filled: Path, photos: Path) -> None:
    ran = run("search", photos / "hat" / "2.jpg", "-c", filled)
    assert ran.out.splitlines()[1].split()[0] == "1"
    assert "hat:2" in ran.out
    assert "milliseconds: decode" in ran.err


def test_a_photo_can_come_by_standard_input(run: Run, filled: Path) -> None:
    ran = run("search", "-", "-c", filled, "--json", stdin=picture(2))
    assert json.loads(ran.out)["neighbours"][0]["item"]["id"] == "hat:2"


def test_an_item_finds_others_than_itself(run: Run, filled: Path) -> None:
    answer = json.loads(run("search", "--item", "hat:2", "-c", filled, "--json").out)
    assert "hat:2" not in [neighbour["item"]["id"] for neighbour in answer["neighbours"]]
    assert len(answer["neighbours"]) == 5
    assert answer["guess"] is None


def test_where_and_region_are_obeyed(run: Run, filled: Path, photos: Path) -> None:
    where = run("search", photos / "hat" / "2.jpg", "-c", filled, "--where", "category=dress", "--json")
    assert {n["item"]["category"] for n in json.loads(where.out)["neighbours"]} == {"dress"}
    without = run("search", photos / "hat" / "2.jpg", "-c", filled, "--where", "category!=hat", "--json")
    assert {n["item"]["category"] for n in json.loads(without.out)["neighbours"]} == {"dress"}
    both = run("search", "--item", "hat:2", "-c", filled, "--where", "category=hat", "--where", "category=dress")
    assert "nothing found" in both.out
    part = run("search", photos / "hat" / "2.jpg", "-c", filled, "--region", "0,0,1,0.5", "--json")
    assert json.loads(part.out)["neighbours"][0]["reason"] == "similar"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("x.jpg", "--item", "hat:2"),
        ("nowhere.jpg",),
        (".",),
        ("--item", "not an id"),
        ("--item", "hat:2", "--region", "0,0,1,1"),
        ("--item", "hat:2", "--where", "nonsense"),
        ("--item", "hat:2", "--where", "colour=red"),  # no item has a colour
        ("--item", "hat:2", "-k", "0"),
        ("--item", "hat:2", "-k", "many"),
        ("--item", "hat:2", "--no-such-option"),
    ],
)
def test_wrong_usage_is_code_2(run: Run, filled: Path, arguments: tuple[str, ...]) -> None:
    ran = run("search", *arguments, "-c", filled, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip()
    assert "Traceback" not in ran.err


def test_a_file_that_is_no_photo_is_code_2_with_the_reason(run: Run, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no photo, but some text")
    ran = run("search", tmp_path / "x.jpg", "-c", filled)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1


def test_no_such_item_and_no_such_catalogue_are_code_3(run: Run, filled: Path, tmp_path: Path) -> None:
    assert run("search", "--item", "gone", "-c", filled).code == 3
    for command in (("search", "--item", "x"), ("status",), ("eval", tmp_path)):
        ran = run(*command, "-c", tmp_path / "nowhere")
        assert (ran.code, "nowhere" in ran.err) == (3, True)
        assert not (tmp_path / "nowhere").exists()
