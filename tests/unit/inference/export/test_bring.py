"""A model with made-up weights goes the whole way, and what comes out is served as our own is."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")
open_clip = pytest.importorskip("open_clip", reason="open_clip comes with the extra `bring` only")

from brought import CATEGORIES, CONTEXT, SIDE, know_small_clip, small_clip, write_photos  # noqa: E402 (needs torch)
from numpy.typing import NDArray  # noqa: E402 (with the others)

from inference.compile.storage import widen  # noqa: E402 (with the others)
from inference.export.bring.__main__ import main  # noqa: E402 (needs torch)
from inference.export.bring.fit import fit_words  # noqa: E402 (needs torch)
from inference.export.bring.options import CAPTION  # noqa: E402 (with the others)
from inference.export.bring.project import Projection  # noqa: E402 (with the others)
from inference.gate.contract import Trial, in_batches, made_up_pictures, numbers, promises  # noqa: E402 (with the others)
from inference.gate.criteria import CONTRACT  # noqa: E402 (with the others)
from inference.gate.model import open_model  # noqa: E402 (with the others)
from inference.train.dataset import LabelledPhotos  # noqa: E402 (needs torch)
from lookalike.adapters.embedded.embedder import OnnxEmbedder  # noqa: E402 (with the others)
from lookalike.adapters.embedded.silent_onnxruntime import ort  # noqa: E402 (with the others)
from lookalike.imaging.prepare import prepare  # noqa: E402 (with the others)
from lookalike.ports.embedder import Priority  # noqa: E402 (with the others)

BATCHES = (1, 2, 7, 32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> argparse.Namespace:
    """What the command leaves: the folder, its photos, its architecture."""
    root = tmp_path_factory.mktemp("brought")
    architecture = know_small_clip(root)
    torch.save({"state_dict": small_clip(architecture).state_dict()}, root / "weights.pt")
    photos, out = write_photos(root / "photos"), root / "out"
    arguments = ["--library", "open_clip", "--architecture", architecture, "--weights", str(root / "weights.pt")]
    arguments += ["--photos", str(photos), "--out", str(out), "--cache", str(root / "cache"), "--licence", "MIT"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.socket.connect", lambda *_: pytest.fail("something was looked up"))
        assert main([*arguments, "--name", "small"]) == 0
    return argparse.Namespace(out=out, photos=photos, architecture=architecture)


def session(file: Path) -> ort.InferenceSession:
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


def captions(architecture: str) -> NDArray[np.int64]:
    tokenize = open_clip.get_tokenizer(architecture)
    return tokenize([CAPTION.replace("{category}", name) for name in CATEGORIES]).numpy()


def test_nothing_is_left_but_what_was_promised(made: argparse.Namespace) -> None:
    assert sorted(path.name for path in made.out.iterdir()) == ["model.onnx", "report.json", "text.onnx"]


def test_the_gate_finds_the_contract_kept(made: argparse.Namespace) -> None:
    model = open_model(made.out / "model.onnx", "candidate")
    trial = Trial.of(model)
    values = promises(model, model.known_facts, trial) | numbers(trial.alone) | in_batches(trial)
    assert [outcome.name for criterion in CONTRACT if not (outcome := criterion.judge(values)).passed] == []
    assert set(trial.among) == {1, 2, 3, 7, 8, 32}


def test_the_product_serves_it_and_knows_the_categories(made: argparse.Namespace) -> None:
    embedder = OnnxEmbedder(made.out / "model.onnx", threads=1)
    report = json.loads((made.out / "report.json").read_text(encoding="utf-8"))
    assert embedder.facts.categories == CATEGORIES
    assert embedder.facts.input_size == SIDE
    assert str(embedder.facts.version) == report["image"]["version"]
    assert str(embedder.facts.version).startswith("small-")
    for number, category in enumerate(CATEGORIES):
        photo = prepare((made.photos / category / "0.png").read_bytes(), SIDE).pixels
        (prediction,) = embedder.embed_many([photo], Priority.BULK)
        assert np.argmax(prediction.probabilities) == number


def test_the_report_says_how_good_it_is_on_photos_kept_aside(made: argparse.Namespace) -> None:
    report = json.loads((made.out / "report.json").read_text(encoding="utf-8"))
    assert report["photos"]["fitting"] + report["photos"]["aside"] == 3 * 115
    assert report["photos"]["aside"] > 40
    image = report["image"]
    assert image["calibration"]["aside_accuracy"] > 0.9
    assert image["aside_precision_at_10"] > 0.8, "the three are cast in three colours"
    assert image["calibration"]["similarity_slope"] > 0
    assert min(image["worst_cosine_to_torch"], report["text"]["worst_cosine_to_torch"]) > 0.9999
    assert 0 <= report["text"]["aside_accuracy"] <= 1


def test_it_sees_what_the_brought_tower_sees(made: argparse.Namespace) -> None:
    """Embeddings are a linear image of the tower's own unit features, less a constant, whatever was fitted."""
    pictures = made_up_pictures(SIDE)
    mean, std = (
        np.array(each).reshape(3, 1, 1) for each in (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    )
    pixels = torch.from_numpy((pictures.transpose(0, 3, 1, 2) / 255 - mean) / std).float()
    with torch.no_grad():
        features = small_clip(made.architecture).encode_image(pixels, normalize=True).numpy()
    fitted = _weights(made.out / "model.onnx")
    expected = (features - fitted["embed.centre"]) @ fitted["embed.matrix"]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    (embeddings,) = session(made.out / "model.onnx").run(["EMBEDDING"], {"PHOTO": pictures})
    np.testing.assert_allclose(embeddings, expected, atol=1e-3)


def test_texts_have_a_centre_of_their_own_and_the_photos_matrix(made: argparse.Namespace) -> None:
    tokens = captions(made.architecture)
    with torch.no_grad():
        features = small_clip(made.architecture).encode_text(torch.from_numpy(tokens), normalize=True).numpy()
    matrix = _weights(made.out / "model.onnx")["embed.matrix"]
    centre = _weights(made.out / "text.onnx")["centre"]
    np.testing.assert_allclose(centre, features.mean(axis=0), atol=5e-3)  # categories are almost equally full
    expected = (features - centre) @ matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    (embeddings,) = session(made.out / "text.onnx").run(["EMBEDDING"], {"TOKENS": tokens})
    np.testing.assert_allclose(embeddings, expected, atol=1e-3)


@pytest.mark.parametrize("batch", BATCHES)
def test_any_batch_of_texts_gives_unit_vectors(made: argparse.Namespace, batch: int) -> None:
    reader = session(made.out / "text.onnx")
    (taken,) = reader.get_inputs()
    assert (taken.name, taken.type, taken.shape[1:]) == ("TOKENS", "tensor(int64)", [CONTEXT])
    tokens = np.resize(captions(made.architecture), (batch, CONTEXT))
    (embeddings,) = reader.run(["EMBEDDING"], {"TOKENS": tokens})
    assert (embeddings.dtype, embeddings.shape) == (np.float32, (batch, 256))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_metadata_says_where_both_come_from_and_that_they_belong_together(made: argparse.Namespace) -> None:
    image, text = (session(made.out / name).get_modelmeta().custom_metadata_map for name in ("model.onnx", "text.onnx"))
    report = json.loads((made.out / "report.json").read_text(encoding="utf-8"))
    for said in (image, text):
        assert said["licence"] == "MIT"
        assert said["origin"] == (
            f"open_clip {made.architecture}, weights weights.pt (SHA-256 {report['weights_sha256']})"
        )
    assert text["image_model"] == report["image"]["version"]
    assert (text["name"], text["context_length"]) == ("small-text", str(CONTEXT))


def test_neither_file_tells_of_the_machine_or_carries_the_other_tower(made: argparse.Namespace) -> None:
    for name in ("model.onnx", "text.onnx"):
        assert not re.findall(rb"(?:/[a-z][a-z0-9._-]+){3,}|site-packages", (made.out / name).read_bytes())
    assert not [name for name in _weights(made.out / "model.onnx") if "token_embedding" in name]
    assert not [name for name in _weights(made.out / "text.onnx") if "visual" in name]


def test_the_centre_of_texts_is_that_of_the_photos_captions() -> None:
    """Of three photos two are dresses: their caption counts twice."""
    axes = torch.eye(300)[:2]
    photos = LabelledPhotos(np.zeros((3, 1, 1, 3), np.uint8), np.array([0, 0, 1]), ("dress", "hat"), ())
    projection = Projection(np.zeros(300), np.eye(300)[:, :256], 1)
    tower = fit_words(torch.nn.Embedding.from_pretrained(axes), torch.tensor([0, 1]), photos, projection)
    np.testing.assert_allclose(tower.centre[:3].numpy(), [2 / 3, 1 / 3, 0], atol=1e-6)
    embeddings = tower(torch.tensor([0, 1])).numpy()
    np.testing.assert_allclose(embeddings[0, :2], np.array([1, -1]) / np.sqrt(2), atol=1e-6)


def _weights(file: Path) -> dict[str, NDArray[np.float32]]:
    model = onnx.load(file)
    widen(model)
    return {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
