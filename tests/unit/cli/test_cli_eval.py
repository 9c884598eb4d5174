import json
import shutil
from pathlib import Path
from typing import Self

from cli_harness import Run, picture, runner

from lookalike.ports.catalogue import Catalogue


def test_one_object_with_every_figure(run: Run, shop: Path, photos: Path, tmp_path: Path) -> None:
    run("import", photos, "-c", shop, "--category-from-folder")
    asked = tmp_path / "asked"
    shutil.copytree(photos, asked)  # the very same bytes: left out of the ranking
    (asked / "hat" / "new.jpg").write_bytes(picture(77))
    ran = run("eval", asked, "-c", shop, "--json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert (found["photos"], found["left_out"]) == (7, 6)
    assert set(found["by_category"]) == {"hat", "dress"}
    assert found["by_category"]["hat"]["photos"] == 4
    for one in (found, *found["by_category"].values()):
        assert all(0 <= one[name] <= 1 for name in ("precision_at_10", "map", "accuracy"))
    # Six items: a hat asked with again has two other hats, a new one three, of ten places.
    assert found["by_category"]["hat"]["precision_at_10"] == 0.225
    assert found["ann_recall_at_10"] == {"unfiltered": 1.0, "10%": 1.0, "1%": 1.0, "0.1%": 1.0}
    assert set(found["stages_ms"]) == {"decode", "embed", "search", "describe", "total"}
    assert found["stages_ms"]["total"]["p95"] >= found["stages_ms"]["total"]["p50"] > 0
    assert found["model"].startswith("fake-")


def test_people_get_tables_and_bad_photos_are_code_1(run: Run, shop: Path, photos: Path) -> None:
    run("import", photos, "-c", shop, "--category-from-folder")
    (photos / "hat" / "bad.jpg").write_bytes(b"not a photo")
    ran = run("eval", photos, "-c", shop)
    assert ran.code == 1
    assert "precision@10" in ran.out
    assert "hat/bad.jpg" in ran.err


def test_an_empty_catalogue_is_code_3(run: Run, photos: Path) -> None:
    assert run("eval", photos, "-c", "memory:").code == 3


def test_photos_without_a_category_are_bad_input(run: Run, photos: Path) -> None:
    ran = run("eval", photos / "hat", "-c", "memory:")
    assert ran.code == 2


class Remote:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_remote_catalogue_cannot_be_evaluated_or_served(photos: Path) -> None:
    def connect(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
        del where, token, create
        return Remote()  # type: ignore[return-value]

    run = runner(connect)
    for ran in (run("eval", photos, "-c", "https://x.example"), run("serve", "-c", "https://x.example")):
        assert ran.code == 2
        assert "remote" in ran.err
