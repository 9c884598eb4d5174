import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.bench.capacity import MOST_LOST, Curve, Point, bisection, in_turns, recommend

BUDGET = 95.0
NAN = float("nan")
RATES = st.floats(1, 1000)
POINTS = st.builds(
    Point, RATES, RATES, st.floats(0, 500), st.floats(0, 500) | st.just(NAN), st.floats(0, 0.05) | st.just(1.0)
)
CURVES = st.lists(
    st.builds(Curve, st.integers(1, 8), st.integers(0, 2000), st.lists(POINTS, max_size=6)),
    max_size=6,
    unique_by=lambda curve: (curve.max_batch, curve.delay_us),
)


def simulated(capacity: float) -> Callable[[float], Point]:
    """A queue: the nearer to capacity the longer it takes; beyond it, some are refused."""

    def measure(rate: float) -> Point:
        if rate > capacity:
            return Point(rate, capacity, BUDGET, 2 * BUDGET, 1 - capacity / rate)
        return Point(rate, rate, BUDGET / 4, BUDGET * rate / capacity, 0.0)

    return measure


def bisect(measure: Callable[[float], Point], start: float, tries: int = 60) -> list[Point]:
    (points,) = in_turns([(bisection(BUDGET, start=start, tries=tries), measure)], lambda: False)
    return points


@given(capacity=RATES, start=RATES)
def test_the_capacity_is_found_within_tolerance_and_never_overstated(capacity: float, start: float) -> None:
    points = bisect(simulated(capacity), start)
    found = Curve(1, 0, points).capacity(BUDGET)
    assert 0.9 * capacity <= found <= capacity


@given(capacity=RATES, start=RATES, tries=st.integers(1, 12))
def test_it_measures_no_more_than_allowed(capacity: float, start: float, tries: int) -> None:
    assert 1 <= len(bisect(simulated(capacity), start, tries)) <= tries


@given(one=RATES, more=st.floats(1.3, 5), start=RATES)
def test_the_faster_server_is_found_to_hold_more(one: float, more: float, start: float) -> None:
    slow, fast = (Curve(1, 0, bisect(simulated(capacity), start)) for capacity in (one, one * more))
    assert slow.capacity(BUDGET) < fast.capacity(BUDGET)


def test_servings_are_measured_in_turns_until_told_to_stop() -> None:
    asked: list[str] = []

    def measure(name: str) -> Callable[[float], Point]:
        return lambda rate: asked.append(name) or simulated(100)(rate)  # type: ignore[func-returns-value]

    servings = [(bisection(BUDGET, start=1), measure(name)) for name in "abc"]
    points = in_turns(servings, lambda: len(asked) == 5)
    assert asked == ["a", "b", "c", "a", "b"]
    assert [len(found) for found in points] == [2, 2, 1]


def test_one_that_is_found_lets_the_others_go_on() -> None:
    servings = [(bisection(BUDGET, start=1, tries=tries), simulated(100)) for tries in (1, 3)]
    assert [len(found) for found in in_turns(servings, lambda: False)] == [1, 3]


def test_one_disturbance_is_measured_again() -> None:
    calm, rates = simulated(100), []

    def disturbed(rate: float) -> Point:
        rates.append(rate)
        return Point(rate, 0, NAN, NAN, 1.0) if len(rates) == 1 else calm(rate)

    points = bisect(disturbed, 50)
    assert rates[:3] == [50, 50, 100]
    assert Curve(1, 0, points).capacity(BUDGET) >= 90


def test_what_never_holds_has_no_capacity() -> None:
    points = bisect(lambda rate: Point(rate, 0, NAN, NAN, 1.0), 8, tries=6)
    assert [point.offered for point in points] == [8, 8, 4, 4, 2, 2]
    assert Curve(1, 0, points).capacity(BUDGET) == 0


@pytest.mark.parametrize(("start", "tries"), [(0.0, 1), (-1.0, 1), (NAN, 1), (1.0, 0)], ids=str)
def test_it_starts_somewhere(start: float, tries: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        bisect(simulated(1), start, tries)


@pytest.mark.parametrize(
    ("p99", "refused", "holds"),
    [
        (BUDGET, MOST_LOST, True),
        (BUDGET + 0.1, 0.0, False),
        (1.0, MOST_LOST + 0.001, False),
        (NAN, 0.0, False),
    ],
    ids=["at-the-limit", "late", "refusing", "nothing-served"],
)
def test_a_point_holds_when_its_served_are_in_time_and_few_are_not(p99: float, refused: float, holds: bool) -> None:
    assert Point(10, 10, 1, p99, refused).holds(BUDGET) is holds


@given(CURVES)
def test_what_is_recommended_was_measured_within_the_budget(curves: list[Curve]) -> None:
    best = recommend(curves, BUDGET)
    capacities = [curve.capacity(BUDGET) for curve in curves]
    assert (best is None) == (not any(capacities))
    if best is not None:
        assert best.capacity(BUDGET) >= 0.9 * max(capacities)
        assert any(
            point.offered == best.capacity(BUDGET) and point.p99_ms <= BUDGET and point.refused <= MOST_LOST
            for point in best.points
        )


def test_of_equals_the_simplest_is_recommended() -> None:
    points = [Point(100, 100, 10, 20, 0)]
    curves = [Curve(4, 0, [Point(105, 105, 10, 20, 0)]), Curve(2, 500, points), Curve(2, 0, points)]
    assert recommend(curves, BUDGET) is curves[2]
    assert recommend(curves, BUDGET, tolerance=0) is curves[0]
    assert math.isclose(curves[0].capacity(BUDGET), 105)
