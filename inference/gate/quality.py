"""How good a model's answers are, query by query, so that two models are compared on the same photos."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.gate.photos import Labelled
from inference.measure.metrics import (
    Seen,
    colour_likeness_at_10,
    expected_calibration_error,
    neighbour_confidence,
    retrieve,
)
from lookalike.ports.embedder import ModelFacts

_Each = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each query [n], in 0..1: is its category told, its share of the first 10, average precision, their colour.

    `ece` is over all queries, `claimed` the mean confidence in the first 10.
    """

    right: _Each
    precision_at_10: _Each
    average_precision: _Each
    colour_at_10: _Each
    ece: float
    claimed: float


def judge(facts: ModelFacts, queries: Labelled, catalogue: Labelled | None) -> Judged:
    """What a model's answers are worth; without a catalogue the queries search each other."""
    searched = catalogue or queries
    names = _names(facts, queries.categories, searched.categories)
    seen = _seen(queries, names)
    known = _seen(catalogue, names) if catalogue else seen
    found = retrieve(seen, known)
    return Judged(
        right=np.asarray(seen.scores.argmax(axis=1) == seen.labels, np.float64),
        precision_at_10=found.precision_at_10,
        average_precision=found.average_precision,
        colour_at_10=colour_likeness_at_10(seen, known, queries.colours, searched.colours),
        ece=expected_calibration_error(seen.scores, seen.labels),
        claimed=neighbour_confidence(seen, known, (facts.similarity_slope, facts.similarity_intercept))[0],
    )


def _names(facts: ModelFacts, *of_photos: tuple[str, ...]) -> dict[str, int]:
    """The model's categories by their column, then those it does not know: no column is right for these."""
    unknown = sorted({name for names in of_photos for name in names} - set(facts.categories))
    return {name: place for place, name in enumerate((*facts.categories, *unknown))}


def _seen(photos: Labelled, names: dict[str, int]) -> Seen:
    labels = np.array([names[name] for name in photos.categories], np.int64)
    return Seen(photos.answers.embeddings, photos.answers.probabilities, labels)
