import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.services.metrics import Percentiles, accuracy, average_precision, precision_at_k, recall

flags = st.lists(st.booleans(), max_size=50)


def test_precision_counts_only_the_first_k() -> None:
    assert precision_at_k([True, False, True, True], 2) == 0.5


def test_a_ranking_shorter_than_k_is_marked_down() -> None:
    assert precision_at_k([True, True], 10) == 0.2
    assert precision_at_k([], 10) == 0.0


def test_average_precision_of_the_textbook_example() -> None:
    # Manning et al., section 8.4: relevant at ranks 1, 3 and 6.
    ranking = [True, False, True, False, False, True]
    assert average_precision(ranking) == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3)


def test_nothing_relevant_is_zero_not_an_error() -> None:
    assert average_precision([False, False]) == 0.0
    assert average_precision([]) == 0.0


@given(flags)
def test_average_precision_is_one_only_for_a_perfect_order(ranking: list[bool]) -> None:
    value = average_precision(ranking)
    assert 0 <= value <= 1
    perfect = any(ranking) and ranking == sorted(ranking, reverse=True)
    assert (value == pytest.approx(1.0)) is perfect


@given(flags, st.data())
def test_moving_a_relevant_answer_up_never_hurts(ranking: list[bool], data: st.DataObject) -> None:
    swaps = [at for at in range(len(ranking) - 1) if not ranking[at] and ranking[at + 1]]
    if not swaps:
        return
    at = data.draw(st.sampled_from(swaps))
    better = [*ranking]
    better[at], better[at + 1] = True, False
    assert average_precision(better) > average_precision(ranking)


def test_relevance_must_be_truth_values() -> None:
    with pytest.raises(ValueError, match="bool"):
        average_precision([0.3, 0.2])
    with pytest.raises(ValueError, match="at least 1"):
        precision_at_k([True], 0)


def test_accuracy_and_recall() -> None:
    assert accuracy(["hat", "dress"], ["hat", "shirt"]) == 0.5
    assert recall(["a", "b", "x"], ["a", "b", "c", "d"]) == 0.5
    assert recall([], []) == 1.0
    with pytest.raises(ValueError, match="zip"):
        accuracy(["hat"], [])


def test_percentiles_of_a_hundred_even_steps() -> None:
    times = Percentiles.of(list(np.arange(101.0)))
    assert (times.p50, times.p95) == (50.0, 95.0)
    assert Percentiles.of([]) == Percentiles(0.0, 0.0)
