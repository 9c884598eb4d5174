import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from cli_harness import Run, connect_with_fake, picture, runner

from lookalike.cli.named import Named
from lookalike.cli.run_import import run_import
from lookalike.cli.session import Session
from lookalike.cli.sources import SourceOptions, open_source
from lookalike.cli.tally import Tally, Verdict
from lookalike.errors import UnavailableError
from lookalike.ports.catalogue import Catalogue, Imported, NewPhoto


def summary(out: str) -> dict[str, object]:
    (line,) = out.splitlines()
    return dict(json.loads(line))


def test_a_folder_comes_in_with_its_folders_as_categories(run: Run, shop: Path, photos: Path) -> None:
    ran = run("import", photos, "-c", shop, "--category-from-folder", "--json")
    assert (ran.code, summary(ran.out)["imported"]) == (0, 6)
    found = json.loads(run("status", "-c", shop, "--json").out)
    assert (found["items"], found["photos"], found["uploads"]["indexed"]) == (6, 6, 6)
    assert found["bytes_on_disk"] > 0


def test_doing_it_again_does_nothing_and_new_photos_are_found(run: Run, shop: Path, photos: Path) -> None:
    run("import", photos, "-c", shop, "--category-from-folder")
    again = summary(run("import", photos, "-c", shop, "--category-from-folder", "--json").out)
    assert (again["imported"], again["already_there"]) == (0, 6)
    (photos / "hat" / "new.jpg").write_bytes(picture(99))
    more = summary(run("import", photos, "-c", shop, "--category-from-folder", "--json").out)
    assert (more["imported"], more["already_there"]) == (1, 6)


def test_the_summary_has_these_keys(run: Run, shop: Path, photos: Path) -> None:
    found = summary(run("import", photos, "-c", shop, "--category", "hat", "--json").out)
    assert set(found) == {
        "source", "imported", "already_there", "updated", "rejected", "failed", "skipped", "removed_items",
        "removed_photos", "warnings", "removal_refused",
        "left_over_items", "left_over_photos", "seconds", "photos_per_second", "errors", "errors_left_out", "dry_run",
        "interrupted",
    }  # fmt: skip


def test_bad_photos_are_told_and_do_not_stop_the_rest(run: Run, shop: Path, photos: Path) -> None:
    (photos / "dress" / "0-bad.jpg").write_bytes(b"not a photo at all")
    (photos / "dress" / "cut.jpg").write_bytes(picture(50)[:300])
    ran = run("import", photos, "-c", shop, "--category-from-folder", "--json")
    found = summary(ran.out)
    assert (ran.code, found["imported"], found["rejected"]) == (1, 6, 2)
    assert {(e["source"], e["code"]) for e in found["errors"]} == {
        ("dress/0-bad.jpg", "not_an_image"),
        ("dress/cut.jpg", "truncated"),
    }  # fmt: skip
    assert "0-bad.jpg" in run("import", photos, "-c", shop, "--category-from-folder").err


def test_errors_and_events_are_written_as_json_lines(run: Run, shop: Path, photos: Path, tmp_path: Path) -> None:
    for at in range(30):
        (photos / "hat" / f"bad-{at}.jpg").write_bytes(b"no photo %d" % at)
    events, errors = tmp_path / "events.jsonl", tmp_path / "errors.jsonl"
    ran = run("import", photos, "-c", shop, "--category-from-folder", "--json", "--events", events, "--errors", errors)
    found = summary(ran.out)
    assert (len(found["errors"]), found["errors_left_out"]) == (20, 10)
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert (len(told), sum(event["status"] == "imported" for event in told)) == (36, 6)
    assert len(errors.read_text().splitlines()) == 30


def test_events_on_standard_output_end_with_the_summary(run: Run, shop: Path, photos: Path) -> None:
    lines = run("import", photos, "-c", shop, "--category", "hat", "--json", "--events", "-").out.splitlines()
    assert len(lines) == 7
    assert json.loads(lines[-1])["imported"] == 6


def test_a_csv_comes_in_with_labels_attributes_and_several_photos(run: Run, shop: Path, photos: Path) -> None:
    table = photos / "shop.csv"
    table.write_text(
        "id,category,title,labels,url,photos,attr.price,attr.in_stock\n"
        "sku-1,hat,A hat,colour:red; size:m,https://shop.example/1,hat/0.jpg;hat/2.jpg,19.90,true\n"
        "sku-2,nonsense,No photo,,,gone.jpg,,\n"
        'sku-3,"dress",,,,dress/1.jpg,5,false\n',
        encoding="utf-8-sig",
    )
    ran = run("import", table, "-c", shop, "--json")
    found = summary(ran.out)
    assert (ran.code, found["imported"], found["rejected"]) == (1, 3, 1)
    assert found["errors"][0]["source"] == "shop.csv:3"
    answer = json.loads(run("search", "--item", "sku-3", "-c", shop, "--json").out)
    item = answer["neighbours"][0]["item"]
    assert (item["id"], item["labels"]) == ("sku-1", ["colour:red", "size:m"])
    assert item["attributes"] == {"price": 19.9, "in_stock": True}
    assert len(item["photos"]) == 2


def test_json_lines_come_in(run: Run, shop: Path, photos: Path) -> None:
    lines = photos / "shop.jsonl"
    good = {"id": "a", "category": "hat", "labels": ["colour:red"], "photos": ["hat/0.jpg"]}
    lines.write_text(f"{json.dumps(good)}\n\nnot json\n{json.dumps(good | {'id': 'b', 'oops': 1})}\n")
    found = summary(run("import", lines, "-c", shop, "--json").out)
    assert (found["imported"], found["rejected"]) == (1, 2)
    assert [error["source"] for error in found["errors"]] == ["shop.jsonl:3", "shop.jsonl:4"]
    assert "oops" in found["errors"][1]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("photos",),  # no category for a folder
        ("photos", "--category", ""),
        ("photos", "--category", "a,b"),
        ("photos/hat/0.jpg", "--category", "hat"),
        ("nowhere", "--category", "hat"),
        ("header.csv",),
        ("header.csv", "--category-from-folder"),
    ],
)
def test_wrong_usage_is_code_2_and_makes_no_catalogue(
    run: Run, shop: Path, photos: Path, arguments: tuple[str, ...]
) -> None:
    (photos.parent / "header.csv").write_text("id,photo,colour\n1,a.jpg,red\n")
    ran = run("import", photos.parent / arguments[0], *arguments[1:], "-c", shop)
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert not shop.exists()


def test_an_empty_folder_is_nothing_to_do(run: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("import", tmp_path / "empty", "-c", shop, "--category", "hat")
    assert ran.code == 0
    assert "nothing to import" in ran.err


def stopping(after: int, fault: BaseException) -> Callable[..., Catalogue]:
    """A catalogue whose import ends with `fault` after so many photos."""

    def connect(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
        catalogue = connect_with_fake(where, token=token, create=create)
        whole = catalogue.import_photos

        def import_some(photos: Iterable[NewPhoto]) -> Iterator[Imported]:
            yield from islice(whole(photos), after)
            raise fault

        catalogue.import_photos = import_some  # type: ignore[method-assign]
        return catalogue

    return connect


def test_ctrl_c_tells_what_was_done_and_the_next_run_completes_it(run: Run, shop: Path, photos: Path) -> None:
    stopped = runner(stopping(2, KeyboardInterrupt()))("import", photos, "-c", shop, "--category", "hat", "--json")
    found = summary(stopped.out)
    assert (stopped.code, found["interrupted"], found["imported"]) == (130, True, 2)
    again = run("import", photos, "-c", shop, "--category", "hat", "--json")
    found = summary(again.out)
    assert (again.code, found["imported"] + found["already_there"]) == (0, 6)  # type: ignore[operator]
    assert found["already_there"] >= 2  # type: ignore[operator]


class Interrupts(io.StringIO):
    """A stream that is interrupted from the keyboard after so many lines."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def flush(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [1, 3, 6])
def test_ctrl_c_between_two_photos_loses_no_count(shop: Path, photos: Path, after: int) -> None:
    tally = Tally(events=Interrupts(after))
    with (
        closing(Named()) as named,
        closing(open_source(photos, SourceOptions("hat"))) as source,
        connect_with_fake(str(shop)) as catalogue,
    ):
        assert not run_import(catalogue, source, tally, named, Session().err)
        assert tally.counts[Verdict.IMPORTED] == catalogue.status().photos == 6


@pytest.mark.parametrize("after", [0, 2, 6])
@pytest.mark.parametrize("options", [("--json",), ()])
def test_a_catalogue_that_dies_leaves_true_counts(
    shop: Path, photos: Path, after: int, options: tuple[str, ...]
) -> None:
    ran = runner(stopping(after, UnavailableError("it is gone")))(
        "import", photos, "-c", shop, "--category", "hat", *options
    )
    assert (ran.code, "it is gone" in ran.err) == (4, True)
    if options:
        found = summary(ran.out)
        assert (found["imported"], found["interrupted"]) == (after, True)
    else:
        assert ran.out.startswith(f"{after} imported, ")
