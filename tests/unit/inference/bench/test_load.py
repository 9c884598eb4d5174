import threading
import time

import numpy as np
import pytest

from inference.bench.load import open_loop
from inference.bench.prepared import Ended
from lookalike.errors import OverloadedError


def test_requests_come_at_random_moments_whether_others_are_answered_or_not() -> None:
    moments: list[float] = []
    waiting: list[Ended] = []

    def begin(ended: Ended) -> None:
        moments.append(time.perf_counter())
        waiting.append(ended)
        if len(waiting) == 200:  # none is answered before the last has come
            for number, each in enumerate(waiting):
                each(OverloadedError if number % 4 == 0 else None)

    load = open_loop(2000, 0.1, begin)
    assert len(load.answers) == len(moments) == 200
    assert len(load.of(None).answers) == 150
    gaps = np.diff(moments)
    assert gaps.std() > 0.5 * gaps.mean(), "evenly spaced requests would never meet"


def test_no_more_are_open_than_allowed() -> None:
    open_now, most = 0, 0

    def begin(ended: Ended) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)

        def answer() -> None:
            nonlocal open_now
            open_now -= 1
            ended(None)

        threading.Timer(0.01, answer).start()

    load = open_loop(100_000, 0.0005, begin, most=3)
    assert most == 3
    assert len(load.answers) == 50


def test_a_time_counts_from_when_the_request_was_due() -> None:
    def late(ended: Ended) -> None:
        time.sleep(0.02)  # all those behind it begin late
        ended(None)

    load = open_loop(1000, 0.01, late)
    assert load.milliseconds(100) == pytest.approx(20 * len(load.answers), rel=0.5)
