import numpy as np
import pytest

from inference.measure.intervals import bootstrap_interval, wilson_interval


def test_wilson_gives_the_textbook_values() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263, and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


@pytest.mark.parametrize(("right", "tried"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(right: int, tried: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(right, tried)


def test_the_bootstrap_agrees_with_the_normal_interval_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(0.7, 0.2, 400)
    reach = 1.96 * values.std() / np.sqrt(len(values))
    assert bootstrap_interval(values) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.003)
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_equal_values_leave_no_doubt_and_none_have_no_mean() -> None:
    assert bootstrap_interval(np.full(5, 0.25)) == (0.25, 0.25)
    with pytest.raises(ValueError, match="no mean"):
        bootstrap_interval(np.zeros(0))
