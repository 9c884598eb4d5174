"""Training learns, and leaves a checkpoint. Runs where the training extra is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from inference.measure.metrics import accuracy  # noqa: E402 (with the others)
from inference.train.__main__ import train  # noqa: E402 (needs torch)
from inference.train.config import Stage, read_config  # noqa: E402 (with the others)
from inference.train.dataset import LabelledPhotos  # noqa: E402 (with the others)
from inference.train.network import Embedder  # noqa: E402 (needs torch)
from inference.train.see import see  # noqa: E402 (needs torch)

CONFIG = Path(__file__).parents[3] / "inference" / "train" / "lite0.toml"


def squares_and_stripes(count: int, seed: int) -> LabelledPhotos:
    """Two shapes in any colour, so that only the shape tells the category."""
    random = np.random.default_rng(seed)
    pixels = np.full((count, 64, 64, 3), 255, np.uint8)
    for i, photo in enumerate(pixels):
        colour = random.integers(0, 200, 3)
        if i % 2:
            photo[16:48, 16:48] = colour
        else:
            photo[:, ::8] = photo[:, 1::8] = colour
    labels = (np.arange(count) % 2).astype(np.int64)
    return LabelledPhotos(pixels, labels, ("stripes", "square"), tuple(Path(str(i)) for i in range(count)))


def test_a_few_steps_learn_two_shapes_and_leave_the_averaged_weights(tmp_path: Path) -> None:
    whole = read_config(CONFIG)
    optimisation = whole.optimisation.model_copy(update={"batch": 16, "average_decay": 0.5})
    config = whole.model_copy(update={"stages": (Stage(size=64, epochs=10),), "optimisation": optimisation})
    torch.manual_seed(config.seed)
    network = Embedder(2, config.dimensions, config.frozen_blocks, config.dropout)
    train(network, config, squares_and_stripes(64, 1), squares_and_stripes(16, 2), tmp_path / "checkpoint.pt")
    averaged = Embedder(2, config.dimensions, config.frozen_blocks, config.dropout)
    averaged.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    unseen = squares_and_stripes(32, 3)
    assert accuracy(see(averaged, unseen).scores, unseen.labels) > 0.85
