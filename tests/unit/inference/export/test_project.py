"""The projection is what its formula says, or says why it cannot be."""

import numpy as np
import pytest

from inference.export.bring.project import fit_projection
from lookalike.domain.embedding import DIMENSIONS

WIDTH = 300


def features(count: int, width: int = WIDTH) -> np.ndarray:
    """A cone of unit vectors whose directions vary by different amounts."""
    random = np.random.default_rng(6)
    spread = random.standard_normal((count, width)) * np.linspace(1, 0.2, width)
    vectors = spread + np.full(width, 2.0)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_full_whitening_gives_each_component_the_same_variance_and_none_to_two_together() -> None:
    seen = features(900)
    projection = fit_projection(seen, whitening=1)
    projected = (seen - projection.centre) @ projection.matrix
    np.testing.assert_allclose(projected.mean(axis=0), 0, atol=1e-4)
    spread = np.cov(projected, rowvar=False)
    np.testing.assert_allclose(spread / spread[0, 0], np.eye(DIMENSIONS), atol=1e-3)


def test_without_whitening_distances_stay_but_for_the_directions_of_least_variance() -> None:
    seen = features(900)
    projection = fit_projection(seen, whitening=0)
    np.testing.assert_allclose(projection.matrix.T @ projection.matrix, np.eye(DIMENSIONS), atol=1e-9)
    projected = (seen - projection.centre) @ projection.matrix
    variances = projected.var(axis=0)
    assert (np.diff(variances) < 1e-9).all(), "the largest first"
    assert projection.kept == pytest.approx(variances.sum() / seen.var(axis=0).sum(), rel=1e-3)
    assert 0.9 < projection.kept < 1


def test_half_whitening_lies_between() -> None:
    seen = features(900)
    deviations = []
    for whitening in (0, 0.5, 1):
        projection = fit_projection(seen, whitening)
        deviations.append(((seen - projection.centre) @ projection.matrix).std(axis=0))
    np.testing.assert_allclose(deviations[1], np.sqrt(deviations[0] * deviations[2]), rtol=1e-3)


def test_narrow_features_are_refused() -> None:
    with pytest.raises(ValueError, match=r"have 192 numbers, an embedding 256: take a wider architecture"):
        fit_projection(features(900, 192), 0.5)


def test_photos_that_do_not_fill_the_space_are_refused() -> None:
    with pytest.raises(ValueError, match=r"200 photos fill 199 directions of the features, 256 are needed"):
        fit_projection(features(200), 0.5)
    with pytest.raises(ValueError, match=r"fill 99 directions"):
        fit_projection(np.tile(features(100), (9, 1)), 0.5)
