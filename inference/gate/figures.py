"""From what was measured, query by query and call by call, to the records of a verdict, at six digits."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.gate.contract import cosine
from inference.gate.findings import Finding
from inference.gate.quality import Judged
from inference.gate.speed import Speeds
from inference.gate.verdict import Comparison, Figure, Losses, Parity, Quality, Speed, SpeedRatio
from inference.measure.intervals import Interval, bootstrap_interval, wilson_interval

_DIGITS: Final = 6


def quality(judged: Judged) -> Quality:
    """Of one model."""
    right = wilson_interval(int(judged.right.sum()), len(judged.right))
    return Quality(
        accuracy=_figure(float(judged.right.mean()), right),
        precision_at_10=_mean(judged.precision_at_10),
        map=_mean(judged.average_precision),
        colour_at_10=_mean(judged.colour_at_10),
        ece=round(judged.ece, _DIGITS),
        neighbour_confidence=round(judged.claimed, _DIGITS),
    )


def comparison(candidate: Finding, current: Finding) -> Comparison:
    """Of two models that were shown the same photos, in the same order."""
    ratio = _speed_ratio(candidate.speeds, current.speeds)
    if candidate.judged is None or current.judged is None:
        return Comparison(losses=None, ece_rise=None, parity=None, speed_ratio=ratio)
    return Comparison(
        losses=_losses(candidate.judged, current.judged),
        ece_rise=round(candidate.judged.ece - current.judged.ece, _DIGITS),
        parity=_parity(cosine(candidate.answers.embeddings, current.answers.embeddings)),
        speed_ratio=ratio,
    )


def _losses(candidate: Judged, current: Judged) -> Losses:
    return Losses(
        accuracy=_mean(current.right - candidate.right),
        precision_at_10=_mean(current.precision_at_10 - candidate.precision_at_10),
        map=_mean(current.average_precision - candidate.average_precision),
        colour_at_10=_mean(current.colour_at_10 - candidate.colour_at_10),
    )


def _parity(cosines: NDArray[np.float64]) -> Parity:
    of_all = (cosines.mean(), np.quantile(cosines, 0.01), cosines.min())
    mean, p1, least = (round(float(figure), _DIGITS) for figure in of_all)
    return Parity(mean=mean, p1=p1, min=least)


def speed(speeds: Speeds) -> Speed:
    """Of one model."""
    alone, in_8 = np.median(speeds.alone), np.median(speeds.in_8)
    return Speed(p50_ms_alone=round(float(alone) * 1000, 3), photos_per_second_in_8=round(8 / float(in_8), 1))


def _speed_ratio(candidate: Speeds, current: Speeds) -> SpeedRatio:
    # Round by round, then the median: a pause of the machine falls into one round, and counts as one.
    alone, in_8 = np.median(current.alone / candidate.alone), np.median(current.in_8 / candidate.in_8)
    return SpeedRatio(alone=round(float(alone), 3), in_8=round(float(in_8), 3))


def _mean(values: NDArray[np.float64]) -> Figure:
    return _figure(float(values.mean()), bootstrap_interval(values))


def _figure(value: float, interval: Interval) -> Figure:
    low, high = interval
    return Figure(value=round(value, _DIGITS), low=round(low, _DIGITS), high=round(high, _DIGITS))
