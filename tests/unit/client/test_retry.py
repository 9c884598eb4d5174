"""When clients that were refused return: never in a wave."""

import random
import threading
from bisect import bisect_left
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.client import HttpCatalogue
from lookalike.client.retry import RetryPolicy, Timing

CROWD = 2000
WINDOW_S = 0.2
HEALTHY = b'{"catalogue":"shop","items":0,"photos":0,"uploads":{},"generations":[],"bytes_on_disk":0}'


def largest_share(moments: list[float]) -> float:
    """Of all `moments`, the share that the fullest 200 ms hold, wherever they begin."""
    moments = sorted(moments)
    return max(bisect_left(moments, start + WINDOW_S) - at for at, start in enumerate(moments)) / len(moments)


@pytest.mark.parametrize("retry_after", [0.0, 1.0, 7.5, 30.0])
def test_no_200_ms_hold_more_than_a_twentieth_of_a_crowd(retry_after: float) -> None:
    draw = random.Random(7)
    policy = RetryPolicy()
    returned = [0.0] * CROWD
    for tries in (1, 2, 3):
        pauses = [policy.pause_s(tries, retry_after, 1000, draw.random()) for _ in range(CROWD)]
        returned = [at + pause for at, pause in zip(returned, pauses, strict=True) if pause is not None]
        assert min(pauses) >= retry_after
        assert largest_share(returned) <= 0.05


@pytest.mark.parametrize("refusal", [(429, {"Retry-After": "1"}, b""), (503, {}, b"")])
def test_clients_refused_at_once_return_one_by_one(scripted: Any, refusal: Any) -> None:
    """60 real clients; each writes down how long it would sleep, and returns at once."""
    url, asked = scripted(*[refusal] * 60, (200, {}, HEALTHY))
    pauses: list[float] = []
    draw = random.Random(7)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    def ask() -> None:
        with HttpCatalogue(url, timing=Timing(sleep=sleep, chance=draw.random)) as catalogue:
            catalogue.status()

    clients = [threading.Thread(target=ask) for _ in range(60)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(asked) == 120
    assert len(pauses) == 60
    assert largest_share(pauses) <= 0.15  # of so few, chance puts more together
    assert min(pauses) >= 1


@given(
    st.integers(1, 10_000),
    st.floats(0, 1e9),
    st.floats(-1e9, 1e9),
    st.floats(0, 1, exclude_max=True),
)
def test_a_pause_keeps_every_bound(tries: int, retry_after: float, left: float, chance: float) -> None:
    policy = RetryPolicy(most_tries=5_000)
    pause = policy.pause_s(tries, retry_after, left, chance)
    if tries >= policy.most_tries:
        assert pause is None
    if pause is not None:
        lowest = max(policy.floor_s, retry_after)
        assert lowest <= pause <= lowest + policy.longest_spread_s
        assert pause < left
    elif tries < policy.most_tries:
        assert max(policy.floor_s, retry_after) + policy.longest_spread_s >= left


def test_ranges_double_up_to_a_limit() -> None:
    policy = RetryPolicy(most_tries=9)
    widest = [policy.pause_s(tries, 0, 1000, 1.0) for tries in range(1, 6)]
    assert widest == pytest.approx([8.1, 16.1, 32.1, 32.1, 32.1])
