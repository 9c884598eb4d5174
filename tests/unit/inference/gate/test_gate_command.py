import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from gate_models import blue_green_red, colour_model, says, write
from typer.testing import CliRunner, Result

from inference.gate.app import app

REPOSITORY = Path(__file__).parents[4]
Run = Callable[..., Result]


@pytest.fixture
def run(current: Path, colour_photos: Path) -> Run:
    def run(candidate: Path, *options: object, against: Path = current, photos: Path = colour_photos) -> Result:
        fixed = ["gate", candidate, "--against", against, "--photos", photos, "--rounds", 1]
        return CliRunner().invoke(app, [str(each) for each in (*fixed, *options)])

    return run


def test_what_passes_is_code_0_and_the_verdict_says_all(run: Run, current: Path, tmp_path: Path) -> None:
    ran = run(current, "--json", tmp_path / "verdict.json", "--max-size-mb", 1)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines()[-1] == "passed"
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert (verdict["schema_version"], verdict["passed"]) == (1, True)
    assert verdict["candidate"] | {"speed": None} == verdict["current"] | {"speed": None}
    assert {"python", "onnxruntime", "numpy", "pillow", "lookalike", "threads"} <= set(verdict["runtime"])
    assert verdict["photos"]["photos"] == 36
    quality = verdict["candidate"]["quality"]
    assert quality["accuracy"]["low"] < quality["accuracy"]["value"] < quality["accuracy"]["high"]
    (size,) = (outcome for outcome in verdict["criteria"] if outcome["name"] == "size_mb")
    assert (size["bound"], size["limit"], size["passed"], size["source"]) == ("<=", 1, True, "asked for")


def test_what_is_refused_is_code_1_with_the_reason_and_a_verdict(run: Run, tmp_path: Path) -> None:
    spoilt = write(colour_model(), tmp_path / "spoilt.onnx", blue_green_red)
    ran = run(spoilt, "--json", tmp_path / "verdict.json")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[-1].startswith("refused for accuracy_loss")
    assert json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))["passed"] is False


def test_a_table_is_told_of_a_candidate_that_could_not_be_shown_a_photo(run: Run, tmp_path: Path) -> None:
    ran = run(write(colour_model(), tmp_path / "stale.onnx", says(preparation="0")))
    assert ran.exit_code == 1
    assert "it takes version 0, this code makes 1" in ran.stdout
    assert "not measured" in ran.stdout


def test_unusable_input_is_code_2_and_says_what(run: Run, current: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no model")
    stale = write(colour_model(), tmp_path / "stale.onnx", says(preparation="0"))
    bad = tmp_path / "bad"
    for colour in ("red", "blue"):
        (bad / colour).mkdir(parents=True)
        (bad / colour / "bad.png").write_bytes(b"no photo")
    empty = tmp_path / "empty"
    empty.mkdir()
    for ran, told in (
        (run(text), "candidate: "),
        (run(current, against=stale), "current: breaks the contract itself (preparation"),
        (run(current, photos=empty), "photos: "),
        (run(current, photos=bad), "photos: blue/bad.png: "),
        (run(tmp_path / "none.onnx"), "does not exist"),
    ):
        assert (ran.exit_code, told in " ".join(ran.stderr.split())) == (2, True), ran.stderr


def test_the_command_is_installed_beside_a_checkout_and_is_no_part_of_the_wheel(tmp_path: Path) -> None:
    scripts = {}
    for kind in ("editable", "wheel"):
        (tmp_path / kind).mkdir()
        build = f"import sys, hatchling.build as h; h.build_{kind}(sys.argv[1])"
        subprocess.run([sys.executable, "-c", build, tmp_path / kind], cwd=REPOSITORY, check=True, capture_output=True)
        (wheel,) = (tmp_path / kind).glob("*.whl")
        scripts[kind] = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/lookalike-model")]
    assert (len(scripts["editable"]), scripts["wheel"]) == (1, [])


def test_it_runs_as_a_module_too() -> None:
    asked = [sys.executable, "-m", "inference.gate", "--help"]
    done = subprocess.run(asked, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    assert "lookalike-model" in done.stdout
