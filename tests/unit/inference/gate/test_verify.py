import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from gate_models import blue_green_red, colour_model, write
from typer.testing import CliRunner, Result

from inference.gate.app import app
from inference.gate.criteria import Criteria
from inference.gate.examine import Examination

ROOT = Path(__file__).parents[4]


@pytest.fixture
def repository(tmp_path: Path, current: Path, colour_photos: Path) -> Path:
    """One model that has passed."""
    model = tmp_path / "repository" / "colours"
    (model / "1").mkdir(parents=True)
    shutil.copyfile(current, model / "1" / "model.onnx")
    examine(current, current, colour_photos, model / "verdict.json")
    return tmp_path / "repository"


def examine(candidate: Path, current: Path, photos: Path, verdict: Path) -> None:
    examination = Examination(photos, None, lambda *_: nullcontext(lambda *_: None), rounds=1)
    examination(candidate, current, Criteria()).write(verdict)


def verify(repository: Path) -> Result:
    return CliRunner().invoke(app, ["verify", str(repository)])


@pytest.mark.parametrize("room", ["model_repo", "model_repo_cpu"])
def test_every_model_that_is_shipped_has_passed(room: str) -> None:
    ran = verify(ROOT / room)
    assert (ran.exit_code, "have passed the gate" in ran.output) == (0, True), ran.output


def test_a_model_that_has_passed_is_code_0_and_code_beside_it_is_no_model(repository: Path) -> None:
    (repository / "colours" / "1" / "model.py").write_text("# how Triton runs it")
    assert verify(repository).exit_code == 0


def test_a_verdict_in_the_versions_own_folder_goes_before(repository: Path, current: Path, colour_photos: Path) -> None:
    second = repository / "colours" / "2"
    second.mkdir()
    write(colour_model(), second / "model.onnx", blue_green_red)
    assert "is of another file" in verify(repository).output
    examine(second / "model.onnx", second / "model.onnx", colour_photos, second / "verdict.json")
    assert verify(repository).exit_code == 0
    examine(second / "model.onnx", current, colour_photos, second / "verdict.json")
    ran = verify(repository)
    assert (ran.exit_code, "refuses it for accuracy_loss" in ran.output) == (1, True)


def test_no_verdict_and_no_whole_one_are_code_1(repository: Path) -> None:
    verdict = repository / "colours" / "verdict.json"
    verdict.write_text(verdict.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert "is no verdict of the gate" in verify(repository).output
    verdict.unlink()
    ran = verify(repository)
    assert (ran.exit_code, "no verdict.json lies beside it" in ran.output) == (1, True)


def test_saying_that_it_passed_does_not_make_it_pass(repository: Path) -> None:
    path = repository / "colours" / "verdict.json"
    verdict = json.loads(path.read_text(encoding="utf-8"))
    verdict["criteria"][0]["value"] = "broken"
    assert verdict["passed"] is verdict["criteria"][0]["passed"] is True
    path.write_text(json.dumps(verdict), encoding="utf-8")
    assert "refuses it for readable" in verify(repository).output


def test_other_limits_than_todays_do_not_count(repository: Path) -> None:
    path = repository / "colours" / "verdict.json"
    verdict = json.loads(path.read_text(encoding="utf-8"))
    verdict["criteria"] = [each for each in verdict["criteria"] if each["name"] != "map_loss"]
    next(each for each in verdict["criteria"] if each["name"] == "ece_rise")["limit"] = 0.5
    path.write_text(json.dumps(verdict), encoding="utf-8")
    assert "was not held to today's map_loss, ece_rise" in verify(repository).output


def test_a_folder_without_models_is_code_2(tmp_path: Path) -> None:
    ran = verify(tmp_path)
    assert (ran.exit_code, "holds no <model>/<version>/<file>" in ran.output) == (2, True)
