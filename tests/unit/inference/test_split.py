"""What is kept aside was never trained on, not even as a near-duplicate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inference.train.dataset import LabelledPhotos
from inference.train.split import split


def photos(count: int, *, copies: int = 1) -> LabelledPhotos:
    """`count` different noise photos of two categories, each `copies` times, a little brighter each time."""
    random = np.random.default_rng(3)
    blocks = random.integers(0, 250, (count, 16, 16, 3), dtype=np.uint8)
    distinct = blocks.repeat(2, axis=1).repeat(2, axis=2)
    pixels = np.concatenate([distinct + np.uint8(i) for i in range(copies)])
    labels = np.tile(np.arange(count) % 2, copies).astype(np.int64)
    paths = tuple(Path(f"{i}.jpg") for i in range(len(pixels)))
    return LabelledPhotos(pixels, labels, ("dress", "skirt"), paths)


def test_every_photo_is_on_one_side_and_each_category_gives_its_share() -> None:
    whole = photos(100)
    training, aside = split(whole, 0.1, seed=1)
    assert sorted([*training.paths, *aside.paths]) == sorted(whole.paths)
    assert np.bincount(aside.labels).tolist() == [5, 5]


def test_the_seed_alone_decides() -> None:
    assert split(photos(60), 0.2, seed=4)[1].paths == split(photos(60), 0.2, seed=4)[1].paths
    assert split(photos(60), 0.2, seed=4)[1].paths != split(photos(60), 0.2, seed=5)[1].paths


def test_a_photo_whose_double_is_trained_on_is_not_kept_aside() -> None:
    whole = photos(50, copies=2)
    training, aside = split(whole, 0.1, seed=1)
    trained = {int(path.stem) % 50 for path in training.paths}
    kept = {int(path.stem) % 50 for path in aside.paths}
    assert not trained & kept
