import json
from pathlib import Path

from cli_harness import Run
from PIL import Image


def test_a_drawn_shop_is_filled_asked_and_reported(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ran = run("demo", "--folder", folder, "--count", 20, "--no-serve")
    assert ran.code == 0, ran.err
    assert "precision@10" in ran.out
    report = json.loads((folder / "report.json").read_text())
    assert (report["import"]["imported"], report["searches"]) == (20, 40)
    assert set(report["stages_ms"]["total"]) == {"p50", "p95"}
    assert set(report["agreement"]) >= {"colour", "pattern"}
    assert 0 < report["same_garment"]["found_in_10"] <= 1
    with Image.open(folder / "contact-sheet.jpg") as sheet:
        assert sheet.width == 1400
    again = json.loads(run("demo", "--folder", folder, "--count", 20, "--no-serve", "--json").out)
    assert (again["import"]["imported"], again["import"]["already_there"]) == (0, 20)


def test_the_users_own_photos_are_split_and_asked_with(run: Run, photos: Path, tmp_path: Path) -> None:
    ran = run("demo", "--photos", photos, "--folder", tmp_path / "demo", "--no-serve", "--json")
    report = json.loads(ran.out)
    assert (ran.code, report["import"]["imported"], report["searches"]) == (0, 5, 1)
    assert set(report["by_category"]) <= {"hat", "dress"}
    asked = report["answers"][0]
    assert asked["photo"] not in {neighbour["item"] for neighbour in asked["neighbours"]}
    assert len(asked["neighbours"]) == 5


def test_photos_without_folders_are_not_judged_by_category(run: Run, photos: Path, tmp_path: Path) -> None:
    ran = run("demo", "--photos", photos / "hat", "--folder", tmp_path / "demo", "--no-serve")
    assert ran.code == 0
    assert "precision" not in ran.out
    assert json.loads((tmp_path / "demo" / "report.json").read_text())["precision_at_10"] is None


def test_too_few_photos_is_bad_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    ran = run("demo", "--photos", tmp_path / "one", "--folder", tmp_path / "demo", "--no-serve")
    assert ran.code == 2
    assert "at least 2" in ran.err


def test_bad_files_are_told_of_and_the_show_goes_on(run: Run, photos: Path, tmp_path: Path) -> None:
    for number in range(20):
        (photos / "hat" / f"bad-{number}.jpg").write_bytes(b"no picture")
    ran = run("demo", "--photos", photos, "--folder", tmp_path / "demo", "--no-serve")
    assert ran.code == 0
    assert ran.err.count("left out: ") == 20
