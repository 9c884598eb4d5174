"""What is told of a model: by one that sees colours, one that sees nothing, and one that mixes them up."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from inference.train.evaluate import main

CATEGORIES = {"blue": (30, 30, 220), "red": (220, 30, 30)}
CATALOGUE, QUERIES = 12, 11
"""Photos a category; a query that leaves itself out still has ten of its own kind among the queries."""
SEES = ((0, 20), (0, 0), (20, 0))
"""From red, green and blue (down) to the scores of blue and red (across)."""
MIXES_UP = ((20, 0), (0, 0), (0, 20))
SEES_NOTHING = ((0, 0), (0, 0), (0, 0))
SURE = round(1 / (1 + np.exp(-(12.5 - 9))), 4)
"""What the models' line claims of a cosine of 1."""

Evaluate = Callable[..., dict[str, Any]]


def write(path: Path, weights: tuple[tuple[int, int], ...], *, side: int = 16) -> Path:
    """A model of a photo's mean colour, whose scores are its embedding's direction, too; blue where all else is 0."""
    nodes = [
        helper.make_node("Cast", ["PHOTO"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["colours"], axes=[1, 2], keepdims=0),
        helper.make_node("Div", ["colours", "most"], ["shares"]),
        helper.make_node("MatMul", ["shares", "weights"], ["products"]),
        helper.make_node("Add", ["products", "shift"], ["scores"]),
        helper.make_node("LpNormalization", ["scores"], ["EMBEDDING"], p=2, axis=-1),
        helper.make_node("Softmax", ["scores"], ["CATEGORY"]),
    ]
    constants = {"most": np.float32(255), "weights": np.float32(weights), "shift": np.float32([1, 0])}
    photo = helper.make_tensor_value_info("PHOTO", TensorProto.UINT8, ["n", side, side, 3])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("EMBEDDING", "CATEGORY")]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "colours", [photo], answers, held)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])
    facts = {
        "categories": json.dumps(list(CATEGORIES)),
        "input_size": str(side),
        "similarity_slope": "12.5",
        "similarity_intercept": "-9",
    }
    helper.set_model_props(model, facts)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def draw(folder: Path, count: int, seed: int) -> Path:
    """`count` speckled photos of each category."""
    random = np.random.default_rng(seed)
    for category, colour in CATEGORIES.items():
        (folder / category).mkdir(parents=True)
        for number in range(count):
            speckled = np.array(colour) + random.integers(-30, 30, (32, 32, 3))
            Image.fromarray(speckled.astype(np.uint8)).save(folder / category / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    draw(folder / "catalogue", CATALOGUE, 1)
    draw(folder / "queries", QUERIES, 2)
    return folder


@pytest.fixture
def evaluate(photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """What the command prints of a model."""

    def run(model: Path, *options: str) -> dict[str, Any]:
        folders = ["--catalogue", str(photos / "catalogue"), "--queries", str(photos / "queries")]
        given = ["--model", str(model), *folders, "--cache", str(photos / "cache"), "--threads", "1", *options]
        monkeypatch.setattr(sys, "argv", ["evaluate", *given])
        main()
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        return report

    return run


def test_a_model_that_sees_what_counts_is_right_throughout(evaluate: Evaluate, tmp_path: Path) -> None:
    told = evaluate(write(tmp_path / "model.onnx", SEES))
    assert (told["queries"], told["catalogue"]) == (2 * QUERIES, 2 * CATALOGUE)
    assert (told["precision_at_10"], told["map"], told["accuracy"]) == (1, 1, 1)
    assert told["unseen_catalogue"]["precision_at_10"] == 1
    assert told["by_category"] == {
        name: {"queries": QUERIES, "precision_at_10": 1, "map": 1, "accuracy": 1} for name in CATEGORIES
    }
    assert told["confusions"] == []
    assert told["ece"] < 0.001
    assert told["neighbour_confidence"]["true"] == 1
    assert told["neighbour_confidence"]["claimed"] == pytest.approx(SURE, abs=0.001)


def test_a_model_that_sees_nothing_has_chance_and_claims_too_much(evaluate: Evaluate, tmp_path: Path) -> None:
    told = evaluate(write(tmp_path / "model.onnx", SEES_NOTHING))
    assert (told["precision_at_10"], told["accuracy"]) == (0.5, 0.5)
    assert told["ece"] == pytest.approx(np.e / (np.e + 1) - 0.5, abs=0.0001)
    assert told["unseen_catalogue"]["precision_at_10"] == 0.5
    assert told["neighbour_confidence"] == {"claimed": SURE, "true": 0.5}
    assert {name: figures["accuracy"] for name, figures in told["by_category"].items()} == {"blue": 1, "red": 0}
    assert told["confusions"] == [f"red -> blue: {QUERIES}"]
    assert told["colour"]["first_10"] < told["colour"]["category"]


def test_chance_lies_within_what_so_few_photos_can_tell(evaluate: Evaluate, tmp_path: Path) -> None:
    told = evaluate(write(tmp_path / "model.onnx", SEES_NOTHING))
    for figure, (low, high) in told["95_in_100"].items():
        assert 0 < low < told[figure] < high < 1


def test_the_catalogue_can_be_another_models(evaluate: Evaluate, tmp_path: Path) -> None:
    """Which takes photos of its own size, and here calls all that is red blue: nothing alike is found."""
    other = write(tmp_path / "other.onnx", MIXES_UP, side=8)
    told = evaluate(write(tmp_path / "model.onnx", SEES), "--indexed-by", str(other))
    assert told["precision_at_10"] == 0
    assert told["map"] < 0.5
    assert told["neighbour_confidence"]["true"] == 0
    assert told["accuracy"] == 1
    assert told["unseen_catalogue"]["precision_at_10"] == 1


def test_queries_of_one_category_are_counted_as_the_model_counts_them(
    evaluate: Evaluate, photos: Path, tmp_path: Path
) -> None:
    """Red alone would be the first of its folder, where the model has it second."""
    shutil.copytree(photos / "queries" / "red", tmp_path / "queries" / "red")
    told = evaluate(write(tmp_path / "model.onnx", SEES), "--queries", str(tmp_path / "queries"))
    assert (told["accuracy"], told["precision_at_10"]) == (1, 1)
    assert list(told["by_category"]) == ["red"]


def test_a_folder_that_the_model_knows_nothing_of_is_refused(
    evaluate: Evaluate, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(photos / "queries" / "red", tmp_path / "queries" / "green")
    with pytest.raises(SystemExit):
        evaluate(write(tmp_path / "model.onnx", SEES), "--queries", str(tmp_path / "queries"))
    assert "photos of green, where only blue, red are known" in capsys.readouterr().err
