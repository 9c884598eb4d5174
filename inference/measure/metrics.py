"""How good the embeddings and probabilities are, on photos that were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ECE_BINS = 15


@dataclass(frozen=True)
class Seen:
    """What a model made of photos: unit `embeddings` [n, d], `scores` [n, categories]."""

    embeddings: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]


def accuracy(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Share of photos whose best category is the right one."""
    return float((scores.argmax(axis=1) == labels).mean())


def expected_calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Mean gap of confidence and accuracy over 15 equal-width bins (Guo et al., ICML 2017)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _ECE_BINS).astype(int), _ECE_BINS - 1)
    gaps = [abs(float(right[bins == b].sum()) - float(confidence[bins == b].sum())) for b in np.unique(bins)]
    return float(sum(gaps) / len(labels))


@dataclass(frozen=True)
class Retrieval:
    """Per query photo [n]: share of its category in the first 10, average precision over all."""

    precision_at_10: NDArray[np.float64]
    average_precision: NDArray[np.float64]


def _cosine(queries: Seen, catalogue: Seen) -> NDArray[np.float32]:
    cosine = np.asarray(queries.embeddings @ catalogue.embeddings.T, np.float32)
    if queries is catalogue:
        np.fill_diagonal(cosine, -2)  # below any cosine: a photo does not find itself
    return cosine


def _ranking(queries: Seen, catalogue: Seen) -> NDArray[np.intp]:
    """Rows of the catalogue for each query, the most alike first; a photo is not in its own ranking."""
    order = np.argsort(-_cosine(queries, catalogue), axis=1, kind="stable")
    return order[:, :-1] if queries is catalogue else order


def retrieve(queries: Seen, catalogue: Seen) -> Retrieval:
    """Rank the whole catalogue by cosine for each query; photos that search each other leave themselves out."""
    order = _ranking(queries, catalogue)
    hits = catalogue.labels[order] == queries.labels[:, None]
    precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    found = np.maximum(hits.sum(axis=1), 1)
    return Retrieval(hits[:, :10].mean(axis=1), (precision * hits).sum(axis=1) / found)


def colour_likeness_at_10(
    queries: Seen,
    catalogue: Seen,
    query_colours: NDArray[np.float32],
    catalogue_colours: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Of each query [n], its mean likeness in colour (0..1) to its first 10; colours are unit vectors, one a photo."""
    first = _ranking(queries, catalogue)[:, :10]
    likeness = query_colours @ catalogue_colours.T
    return np.asarray(np.take_along_axis(likeness, first, axis=1).mean(axis=1), np.float64)


def colour_agreement_at_10(
    queries: Seen,
    catalogue: Seen,
    query_colours: NDArray[np.float32],
    catalogue_colours: NDArray[np.float32],
) -> tuple[float, float]:
    """Mean likeness in colour (0..1) of a query to its first 10, and to its whole category.

    The first above the second: neighbours are alike in colour, not just in kind.
    """
    likeness = query_colours @ catalogue_colours.T
    first = colour_likeness_at_10(queries, catalogue, query_colours, catalogue_colours)
    same = queries.labels[:, None] == catalogue.labels[None, :]
    return float(first.mean()), float(likeness.mean(axis=1, where=same).mean())


def neighbour_confidence(queries: Seen, catalogue: Seen, line: tuple[float, float]) -> tuple[float, float]:
    """Mean confidence claimed for the first 10 neighbours, and the share truly of the category.

    `line` is the logistic's (slope, intercept) over cosine.
    """
    cosine = _cosine(queries, catalogue)
    first = _ranking(queries, catalogue)[:, :10]
    claimed = 1 / (1 + np.exp(-(line[0] * np.take_along_axis(cosine, first, axis=1) + line[1])))
    true = catalogue.labels[first] == queries.labels[:, None]
    return float(claimed.mean()), float(true.mean())


def confusion_matrix(seen: Seen) -> NDArray[np.int64]:
    """How many photos of each category (down) were taken for which (across) [categories, categories]."""
    counts = np.zeros((seen.scores.shape[1],) * 2, np.int64)
    np.add.at(counts, (seen.labels, seen.scores.argmax(axis=1)), 1)
    return counts


def confusions(seen: Seen, categories: tuple[str, ...]) -> list[str]:
    """`true -> taken for: count`, the most frequent first."""
    counts = confusion_matrix(seen)
    np.fill_diagonal(counts, 0)
    true, taken = np.unravel_index(np.argsort(-counts, axis=None, kind="stable"), counts.shape)
    pairs = zip(true, taken, strict=True)
    return [f"{categories[i]} -> {categories[j]}: {counts[i, j]}" for i, j in pairs if counts[i, j]]
