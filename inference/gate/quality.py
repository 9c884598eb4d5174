"""How good a model's answers are, query by query, so that two models are compared on the same photos."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.gate.model import Answers
from inference.measure.metrics import Seen, expected_calibration_error, neighbour_confidence, retrieve
from lookalike.ports.embedder import ModelFacts

_Each = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each query [n], in [0, 1]: was its category told, share of it in the first 10, average precision.

    `ece` is over all queries; `claimed` and `true` are the confidence in the first 10 neighbours and the share of the
    query's category among them.
    """

    right: _Each
    precision_at_10: _Each
    average_precision: _Each
    ece: float
    claimed: float
    true: float


def judge(
    facts: ModelFacts, queries: tuple[Answers, tuple[str, ...]], catalogue: tuple[Answers, tuple[str, ...]] | None
) -> Judged:
    """Answers with the photos' true categories; without a catalogue the queries search each other."""
    names = _names(facts, queries[1], catalogue[1] if catalogue else ())
    seen = _seen(queries, names)
    known = _seen(catalogue, names) if catalogue else seen
    found = retrieve(seen, known)
    claimed, true = neighbour_confidence(seen, known, (facts.similarity_slope, facts.similarity_intercept))
    return Judged(
        right=np.asarray(seen.scores.argmax(axis=1) == seen.labels, np.float64),
        precision_at_10=found.precision_at_10,
        average_precision=found.average_precision,
        ece=expected_calibration_error(seen.scores, seen.labels),
        claimed=claimed,
        true=true,
    )


def _names(facts: ModelFacts, *of_photos: tuple[str, ...]) -> dict[str, int]:
    """The model's categories by their column, then those it does not know: no column is right for these."""
    unknown = sorted({name for names in of_photos for name in names} - set(facts.categories))
    return {name: place for place, name in enumerate((*facts.categories, *unknown))}


def _seen(answered: tuple[Answers, tuple[str, ...]], names: dict[str, int]) -> Seen:
    answers, categories = answered
    return Seen(answers.embeddings, answers.probabilities, np.array([names[name] for name in categories], np.int64))
