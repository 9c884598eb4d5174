from datetime import timedelta

from lookalike.ports.clock import Clock


def test_it_tells_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_it_never_runs_backwards_between_two_looks(clock: Clock) -> None:
    first = clock.now()
    assert clock.now() >= first
