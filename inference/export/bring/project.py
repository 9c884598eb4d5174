"""From a model's features, of any width, to 256 numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.domain.embedding import DIMENSIONS

_NOTHING = 1e-9  # of the largest variance: float32 features have no direction below that


@dataclass(frozen=True)
class Projection:
    """(unit feature [d] - `centre`) @ `matrix` [d, 256], then at unit length; `kept` is the share of the variance."""

    centre: NDArray[np.float64]
    matrix: NDArray[np.float64]
    kept: float


def fit_projection(features: NDArray[np.float32], whitening: float) -> Projection:
    """Principal components of unit features [n, d], each divided by its deviation to the power of `whitening` (0..1).

    0 is PCA alone, 1 gives each component the same variance, which lets what sets photos apart weigh as much as what
    most have in common (Jégou and Chum, "Negative evidences and co-occurrences in image retrieval", ECCV 2012).
    Raises `ValueError` for features narrower than 256, and for photos that do not fill 256 directions.
    """
    check_width(features.shape[1])
    exact = features.astype(np.float64)
    centre = exact.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(exact - centre, rowvar=False))
    variances, directions = variances[::-1], directions[:, ::-1]  # the largest first
    filled = int((variances > _NOTHING * variances[0]).sum())
    if filled < DIMENSIONS:
        raise ValueError(
            f"{len(features)} photos fill {filled} directions of the features, {DIMENSIONS} are needed: "
            "bring more photos, and more varied ones"
        )
    # Against the first, for the file keeps 11 bits of numbers from 6e-5 to 65,504, and length means nothing here.
    matrix = directions[:, :DIMENSIONS] * (variances[:DIMENSIONS] / variances[0]) ** (-whitening / 2)
    return Projection(centre, matrix, float(variances[:DIMENSIONS].sum() / variances.sum()))


def check_width(width: int) -> None:
    """Raise `ValueError` where a feature is narrower than an embedding."""
    if width < DIMENSIONS:
        raise ValueError(f"its features have {width} numbers, an embedding {DIMENSIONS}: take a wider architecture")
