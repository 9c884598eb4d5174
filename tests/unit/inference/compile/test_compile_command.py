import hashlib
import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from inference.compile.__main__ import main
from inference.compile.graph import properties, read_model

SMALL = ["--calibrate", "12", "--choose", "8", "--judge", "8"]


def compile_to(out: Path, model: Path, precision: str, *more: str | Path) -> int:
    return main(["--model", str(model), "--precision", precision, "--out", str(out), *map(str, more)])


def report(out: Path) -> dict[str, Any]:
    return json.loads(out.with_name(out.name + ".json").read_text())


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, toy_file: Path, photos: Path, precision: str) -> None:
    outs = [tmp_path / name / "model.onnx" for name in ("first", "second")]
    for out in outs:
        assert compile_to(out, toy_file, precision, "--photos", photos, *SMALL, "--cosine", "0.9") == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert report(outs[0]) == report(outs[1])


def test_the_report_says_what_was_made_of_what(tmp_path: Path, toy_file: Path, photos: Path) -> None:
    out = tmp_path / "int8.onnx"
    assert compile_to(out, toy_file, "int8", "--photos", photos, *SMALL, "--cosine", "0.9") == 0
    said = report(out)
    assert said["precision"] == "int8"
    assert said["source"]["sha256"] == hashlib.sha256(toy_file.read_bytes()).hexdigest()
    assert said["compiled"] == {"sha256": hashlib.sha256(out.read_bytes()).hexdigest(), "bytes": out.stat().st_size}
    assert said["calibration"]["strata"] == {"dress": 7, "shirt": 4, "skirt": 1}
    assert said["calibration"]["photos"] == 12
    assert len({said[part]["sha256"] for part in ("calibration", "choice", "judged_by")}) == 3
    assert 0.9 < said["cosine_to_fp32"]["p1"] <= said["cosine_to_fp32"]["mean"] < 1
    assert [loss["node"] for loss in said["losses"]]
    assert said["steps"][0]["layers_in_fp32"] == 0
    assert properties(onnx.load(out))["source_sha256"] == said["source"]["sha256"]
    in_the_file = json.loads(properties(onnx.load(out))["calibration"])
    assert in_the_file == {key: value for key, value in said["calibration"].items() if key != "strata"}


def test_where_the_goal_is_missed_the_status_says_so(
    tmp_path: Path, toy_file: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "int8.onnx"
    goal = ["--cosine", "1.01", "--exclusions", "1"]
    assert compile_to(out, toy_file, "int8", "--photos", photos, *SMALL, *goal) == 1
    assert "error: mean cosine stayed below 1.01 with 1 layers in FP32" in capsys.readouterr().err
    assert len(report(out)["excluded"]) == 1
    assert report(out)["target"] == {"cosine": 1.01, "exclusions": 1, "reached": False}


def test_photos_that_cannot_be_used_are_told_of(
    tmp_path: Path, toy_file: Path, capsys: pytest.CaptureFixture[str], photos: Path
) -> None:
    folder = tmp_path / "train" / "dress"
    folder.mkdir(parents=True)
    for path in sorted((photos / "dress").iterdir())[:4]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "notes.txt").write_text("no photo")
    out = tmp_path / "fp16.onnx"
    assert compile_to(out, toy_file, "fp16", "--photos", folder.parent, "--judge", "4") == 0
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "notes.txt cannot be used (not_an_image)" in line] == told
    assert report(out)["rejected"] == [{"photo": "dress/notes.txt", "code": "not_an_image"}] * len(told)


def test_eight_bits_come_with_a_warning(
    tmp_path: Path, toy_file: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "int8.onnx"
    assert compile_to(out, toy_file, "int8", "--photos", photos, *SMALL, "--weight-bits", "8", "--cosine", "0.5") == 0
    assert "not what x86 processors without VNNI will give" in capsys.readouterr().err


def test_integers_are_not_compiled_again(
    tmp_path: Path, toy_file: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "int8.onnx"
    assert compile_to(out, toy_file, "int8", "--photos", photos, *SMALL, "--cosine", "0.5") == 0
    assert compile_to(tmp_path / "again.onnx", out, "fp16", "--photos", photos) == 2
    assert "is int8 already" in capsys.readouterr().err


def test_halves_are_a_source_as_what_they_were_made_of_is(tmp_path: Path, toy_file: Path, photos: Path) -> None:
    first, again = tmp_path / "fp16.onnx", tmp_path / "again.onnx"
    assert compile_to(first, toy_file, "fp16", "--photos", photos, "--judge", "4") == 0
    assert compile_to(again, first, "fp16", "--photos", photos, "--judge", "4") == 0
    one, other = (onnx.load(path) for path in (first, again))
    assert one.graph == other.graph


@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        ("nowhere.onnx", ["--photos", "."], "No such file"),
        ("toy", [], "fp16 needs --photos"),
        ("toy", ["--photos", "nowhere"], "no folder nowhere"),
    ],
    ids=["no model", "no photos", "no folder"],
)
def test_bad_input_is_told_of_in_a_sentence(
    tmp_path: Path,
    toy_file: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    model: str,
    arguments: list[str],
    sentence: str,
) -> None:
    path = toy_file if model == "toy" else tmp_path / model
    assert compile_to(tmp_path / "out.onnx", path, "fp16", *arguments) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()


def test_a_model_of_another_preparation_is_refused(
    tmp_path: Path, toy_file: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = onnx.load(toy_file)
    next(entry for entry in other.metadata_props if entry.key == "preparation").value = "0"
    onnx.save(other, tmp_path / "other.onnx")
    assert compile_to(tmp_path / "out.onnx", tmp_path / "other.onnx", "fp16", "--photos", photos) == 2
    assert "takes photos of preparation 0" in capsys.readouterr().err


def test_without_tensorrt_the_recipe_stays_and_one_sentence_says_so(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "model.plan"
    assert compile_to(out, toy_file, "tensorrt", "--gpu", "A100", "--batches", "1", "4", "16") == 2
    assert capsys.readouterr().err == (
        "error: trtexec is not on the PATH: build the engine where TensorRT is, on its type of GPU (A100)\n"
    )
    assert "--optShapes=PHOTO:4x32x32x3" in report(out)["container"]["args"]
    assert read_model(tmp_path / "model.plan.onnx").graph.node[0].op_type == "Cast"
    assert not out.exists()


def test_a_recipe_alone_needs_no_tensorrt(tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compile_to(tmp_path / "model.plan", toy_file, "tensorrt", "--recipe-only") == 0


def test_tensorrt_takes_symmetric_integers_only(
    tmp_path: Path, toy_file: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for integers, status in (("u8s8", 2), ("s8s8", 0)):
        out = tmp_path / f"{integers}.onnx"
        kind = ["--integers", integers, "--cosine", "0.5"]
        assert compile_to(out, toy_file, "int8", "--photos", photos, *SMALL, *kind) == 0
        assert compile_to(tmp_path / "model.plan", out, "tensorrt", "--recipe-only") == status
    assert "compile the model with --integers s8s8" in capsys.readouterr().err
