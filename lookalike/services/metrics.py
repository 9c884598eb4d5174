"""Measures of a ranking and of a stage, as pure functions of arrays.

Definitions follow Manning, Raghavan, Schütze, "Introduction to Information Retrieval" (2008), chapter 8, unless a
docstring names another source.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Relevance = npt.NDArray[np.bool_]


def precision_at_k(relevant: npt.ArrayLike, k: int) -> float:
    """The share of the first `k` answers that are relevant, in [0, 1]; `relevant` is bool [n], best first.

    A ranking shorter than `k` counts the answers it does not have as wrong. Raises `ValueError` for k < 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, is {k}")
    return float(np.count_nonzero(_relevance(relevant)[:k]) / k)


def average_precision(relevant: npt.ArrayLike) -> float:
    """The mean, over the relevant answers of a full ranking (bool [n]), of the precision at the rank of each.

    In [0, 1]; 0 where nothing is relevant. Its mean over queries is mAP. Not interpolated, no cut-off.
    """
    ranks = np.flatnonzero(_relevance(relevant)) + 1
    if ranks.size == 0:
        return 0.0
    return float(np.mean(np.arange(1, ranks.size + 1) / ranks))


def accuracy(guessed: Sequence[str], true: Sequence[str]) -> float:
    """The share of guesses that are right, in [0, 1]; 0 where there are none. Raises `ValueError` on unlike lengths."""
    hits = [one == other for one, other in zip(guessed, true, strict=True)]
    return mean(hits)


def recall(found: Collection[str], exact: Collection[str]) -> float:
    """The share of `exact` that is in `found`, in [0, 1]; 1 where there was nothing to find.

    This is recall@k of an approximate search when both hold k answers; answers that tie at rank k count as
    misses, so it errs on the strict side (Aumüller, Bernhardsson, Faithfull, "ANN-Benchmarks", 2018, section 3.6,
    accepts ties).
    """
    if not exact:
        return 1.0
    return len(set(found) & set(exact)) / len(set(exact))


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; 0 of nothing, so that a report of nothing is no error."""
    return float(np.mean(values)) if len(values) else 0.0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of times in milliseconds: half, and 95 of 100, took no longer."""

    p50: float
    p95: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Percentiles":
        """Linear interpolation between the two nearest ranks (NumPy's default); 0 where nothing was timed."""
        if not len(milliseconds):
            return cls(0.0, 0.0)
        p50, p95 = np.percentile(milliseconds, (50, 95))
        return cls(float(p50), float(p95))


def _relevance(relevant: npt.ArrayLike) -> Relevance:
    flags = np.asarray(relevant)
    if flags.size == 0:
        return np.zeros(0, dtype=np.bool_)
    if flags.ndim != 1 or flags.dtype != np.bool_:
        raise ValueError(f"relevance must be bool [n], is {flags.dtype} {flags.shape}")
    return flags
