"""How far from the truth a figure may be that was measured on few photos: intervals that cover it in 95 of 100."""

from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
_COVERED: Final = 0.95
_TAIL: Final = (1 - _COVERED) / 2
_RESAMPLES: Final = 2000
_SEED: Final = 20


def wilson_interval(right: int, tried: int) -> Interval:
    """Of a share, in [0, 1] (E. B. Wilson, "Probable Inference", JASA 1927). Raises `ValueError` where none tried."""
    if not 0 <= right <= tried or tried == 0:
        raise ValueError(f"{right} of {tried} is no share")
    z = NormalDist().inv_cdf(1 - _TAIL)
    share, spread = right / tried, z * z / tried
    middle = share + spread / 2
    reach = float(np.sqrt(spread * share * (1 - share) + spread**2 / 4))
    return (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)


def bootstrap_interval(values: NDArray[np.float64]) -> Interval:
    """Of the mean of one value a query [n], by percentiles of 2,000 resamples; equal values give equal intervals.

    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Raises `ValueError` for no values.
    """
    if len(values) == 0:
        raise ValueError("nothing has no mean")
    rows = np.random.default_rng(_SEED).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(values[rows].mean(axis=1), (_TAIL, 1 - _TAIL))
    return float(low), float(high)
