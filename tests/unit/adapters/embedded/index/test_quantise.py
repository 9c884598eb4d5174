import numpy as np
import pytest

from lookalike.adapters.embedded.index.quantise import quantise
from lookalike.domain.embedding import DIMENSIONS


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def kinds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    spread = rng.standard_normal((200, DIMENSIONS))
    lopsided = spread * np.where(np.arange(DIMENSIONS) < 8, 1.0, 0.01)  # a model that uses 8 of its axes
    return {"spread": unit(spread), "lopsided": unit(lopsided), "axes": np.eye(DIMENSIONS, dtype=np.float32)}


@pytest.mark.parametrize("kind", ["spread", "lopsided", "axes"])
def test_inner_products_survive_whatever_the_model_does_with_its_axes(kind: str) -> None:
    vectors = kinds()[kind]
    codes = quantise(vectors).astype(np.float64)
    products = codes @ codes.T
    estimated = products / products.diagonal().mean()
    assert np.abs(estimated - vectors @ vectors.T).max() < 0.03
    assert np.abs(estimated - vectors @ vectors.T).mean() < 0.005


def test_is_the_same_on_every_machine() -> None:
    assert quantise(np.eye(DIMENSIONS, dtype=np.float32)[0])[:8].tolist() == [26] * 8
