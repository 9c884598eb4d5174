"""The committed models keep the contract that every adapter and Triton rely on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.adapters.embedded.silent_onnxruntime import ort

ROOT = Path(__file__).parents[3]
DIMENSIONS = 256
CATEGORIES = 10


@dataclass(frozen=True)
class Shipped:
    """Where a model lies, its name, its photos' side, what it came from, and the most that it may weigh."""

    room: str
    name: str
    side: int
    origin: str
    megabytes: float

    @property
    def path(self) -> Path:
        return ROOT / self.room / self.name / "1" / "model.onnx"


SHIPPED = [
    Shipped("model_repo", "embedder", 224, "EfficientNet-Lite2", 11),
    Shipped("model_repo_cpu", "embedder", 224, "EfficientNet-Lite2", 7),
    Shipped("model_repo_cpu", "embedder-lite", 224, "EfficientNet-Lite0", 5),
]

Answer = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda shipped: f"{shipped.room}/{shipped.name}")
def shipped(request: pytest.FixtureRequest) -> Shipped:
    model: Shipped = request.param
    return model


@pytest.fixture(scope="module")
def session(shipped: Shipped) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(shipped.path, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def photos(shipped: Shipped) -> NDArray[np.uint8]:
    """Seven photos: noise, a gradient, and the extremes of light."""
    random, side = np.random.default_rng(7), shipped.side
    noise = random.integers(0, 256, (4, side, side, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, side).astype(np.uint8)[:, None, None], noise.shape[1:])
    flat = [np.full(noise.shape[1:], level, np.uint8) for level in (0, 255)]
    return np.stack([*noise, ramp, *flat])


def answer(session: ort.InferenceSession, photos: NDArray[np.uint8]) -> Answer:
    embedding, category = session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photos})
    return embedding, category


def test_inputs_and_outputs_are_named_typed_and_shaped_as_promised(
    session: ort.InferenceSession, shipped: Shipped
) -> None:
    (photo,) = session.get_inputs()
    assert (photo.name, photo.type, photo.shape[1:]) == ("PHOTO", "tensor(uint8)", [shipped.side, shipped.side, 3])
    assert isinstance(photo.shape[0], str), "the batch must be dynamic"
    outputs = {out.name: (out.type, out.shape[1:]) for out in session.get_outputs()}
    assert outputs == {
        "EMBEDDING": ("tensor(float)", [DIMENSIONS]),
        "CATEGORY": ("tensor(float)", [CATEGORIES]),
    }


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_any_batch_gives_unit_vectors_and_probabilities(
    session: ort.InferenceSession, photos: NDArray[np.uint8], batch: int
) -> None:
    embedding, category = answer(session, photos[:batch])
    assert embedding.shape == (batch, DIMENSIONS)
    assert category.shape == (batch, CATEGORIES)
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(category.sum(axis=1), 1, atol=1e-5)
    assert (category >= 0).all()


def test_an_empty_batch_gives_empty_answers(session: ort.InferenceSession, photos: NDArray[np.uint8]) -> None:
    embedding, category = answer(session, photos[:0])
    assert embedding.shape == (0, DIMENSIONS)
    assert category.shape == (0, CATEGORIES)


def test_a_photo_is_seen_alike_alone_and_in_a_batch(session: ort.InferenceSession, photos: NDArray[np.uint8]) -> None:
    embedding, category = answer(session, photos)
    alone = [answer(session, photo[None]) for photo in photos]
    np.testing.assert_allclose(np.concatenate([a[0] for a in alone]), embedding, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([a[1] for a in alone]), category, atol=1e-4)


def test_different_photos_are_told_apart(session: ort.InferenceSession, photos: NDArray[np.uint8]) -> None:
    """A collapsed or wrongly normalised graph answers everything alike."""
    embedding, _ = answer(session, photos[3:])
    cosine = embedding @ embedding.T
    assert cosine[~np.eye(len(cosine), dtype=bool)].max() < 0.98


def test_red_and_blue_are_not_swapped(session: ort.InferenceSession, shipped: Shipped) -> None:
    red = np.full((1, shipped.side, shipped.side, 3), 255, np.uint8)
    red[:, 60:160, 60:160] = (200, 20, 20)
    either, _ = answer(session, np.concatenate([red, red[..., ::-1]]))
    assert either[0] @ either[1] < 0.95


def test_metadata_says_what_readers_need(session: ort.InferenceSession, shipped: Shipped) -> None:
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["name"] == shipped.name
    assert properties["preparation"] == "1"
    assert int(properties["input_size"]) == shipped.side
    categories = json.loads(properties["categories"])
    assert len(set(categories)) == CATEGORIES
    assert all(isinstance(name, str) and name for name in categories)
    assert properties["licence"] == "Apache-2.0"
    assert shipped.origin in properties["origin"]


def test_closer_neighbours_are_claimed_with_more_confidence(
    session: ort.InferenceSession,
) -> None:
    properties = session.get_modelmeta().custom_metadata_map
    slope = float(properties["similarity_slope"])
    intercept = float(properties["similarity_intercept"])
    confidence = 1 / (1 + np.exp(-(slope * np.array([0.0, 0.5, 1.0]) + intercept)))
    assert (np.diff(confidence) > 0).all()
    assert confidence[0] < 0.5 < confidence[2]


def test_the_file_is_small_and_tells_nothing_of_the_machine_that_made_it(shipped: Shipped) -> None:
    content = shipped.path.read_bytes()
    assert len(content) <= shipped.megabytes * 1e6
    assert not re.findall(rb"(?:/[a-z][a-z0-9._-]+){3,}|site-packages", content), "paths in the graph"
