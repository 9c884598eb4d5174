"""Figures in the model card are computed as the field defines them."""

from __future__ import annotations

import numpy as np
import pytest

from inference.measure.metrics import (
    Seen,
    accuracy,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    neighbour_confidence,
    retrieve,
)


def seen(embeddings: list[list[float]], labels: list[int], scores: list[list[float]] | None = None) -> Seen:
    vectors = np.array(embeddings, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    answers = np.array(scores if scores is not None else np.eye(2)[labels], np.float32)
    return Seen(vectors, answers, np.array(labels, np.int64))


def test_average_precision_is_the_mean_precision_at_each_hit() -> None:
    catalogue = seen([[1, 0], [0.9, 0.3], [0.5, 0.5], [0, 1]], [0, 1, 0, 1])
    found = retrieve(seen([[1, 0]], [0]), catalogue)
    assert found.average_precision[0] == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_precision_at_10_counts_only_the_first_ten() -> None:
    angles = np.linspace(0, 1, 12)
    catalogue = seen([[np.cos(a), np.sin(a)] for a in angles], [0] * 7 + [1] * 3 + [0] * 2)
    found = retrieve(seen([[1, 0]], [0]), catalogue)
    assert found.precision_at_10[0] == pytest.approx(0.7)


def test_accuracy_and_confusions_name_what_was_taken_for_what() -> None:
    answers = seen([[1, 0]] * 3, [0, 0, 1], [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    assert accuracy(answers.scores, answers.labels) == pytest.approx(2 / 3)
    assert confusions(answers, ("dress", "skirt")) == ["dress -> skirt: 1"]


def test_confusions_are_counted_by_what_is_and_what_it_was_taken_for_the_most_frequent_told_first() -> None:
    names, taken = ("dress", "skirt", "shirt"), [1, 0, 0, 0, 1, 2, 2]
    answers = seen([[1, 0]] * 7, [0, 0, 1, 1, 1, 1, 2], np.eye(3)[taken].tolist())
    assert confusion_matrix(answers).tolist() == [[1, 1, 0], [2, 1, 1], [0, 0, 1]]
    assert confusions(answers, names) == ["skirt -> dress: 2", "dress -> skirt: 1", "skirt -> shirt: 1"]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = np.array([[0.8, 0.2]] * 10, np.float32)
    right_eight_times = np.array([0] * 8 + [1] * 2)
    never_right = np.ones(10, np.int64)
    assert expected_calibration_error(probabilities, right_eight_times) == pytest.approx(0, abs=1e-6)
    assert expected_calibration_error(probabilities, never_right) == pytest.approx(0.8, abs=1e-6)


def test_neighbour_confidence_sets_the_claim_against_the_truth() -> None:
    catalogue = seen([[1, 0]] * 10, [0] * 6 + [1] * 4)
    claimed, true = neighbour_confidence(seen([[1, 0]], [0]), catalogue, (0.0, 0.0))
    assert (claimed, true) == (pytest.approx(0.5), pytest.approx(0.6))


def test_a_photo_does_not_find_itself() -> None:
    each_other = seen([[1, 0], [0.9, 0.1], [0, 1]], [0, 1, 0])
    found = retrieve(each_other, each_other)
    assert found.average_precision[0] == pytest.approx(1 / 2), "the only other of its kind ranks second"
    assert found.precision_at_10[0] == pytest.approx(1 / 2)
