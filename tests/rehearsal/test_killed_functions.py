"""`prepare` and `embed` are killed between every two of their steps: calls of AWS, what the model and the index do."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Final

import pytest

from tests.rehearsal.checker import drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal
from tests.rehearsal.wired import QUICK, Wired, wired

BROKEN: Final = b"\xff\xd8 this is no photo"
LEASE_S: Final = 4
"""How long a killed function holds the photo that it was about: each time, the next one waits for that."""
_shops = count(1)


@pytest.fixture(scope="module")
def lines(whole: Rehearsal) -> Iterator[Wired]:
    with wired(whole, overrides=QUICK, lease_s=LEASE_S, retry_after_s=0) as made:
        yield made


@contextmanager
def killing(lines: Wired, function: str, at: int) -> Iterator[list[str]]:
    """Kill `function` when its `at`-th step is done, before it learns so; yields all its steps. 0 kills nobody."""
    steps: list[str] = []
    lock = Lock()  # photos are written beside each other

    def after(step: str) -> None:
        with lock:
            steps.append(step)
            if len(steps) == at:
                for pid in lines.whole.cloud.functions[function].pids():
                    os.kill(pid, signal.SIGKILL)

    with lines.wire.watched(function, after=after):
        yield steps


Bring = Callable[[Shop, bytes], None]


def a_photo(shop: Shop, photo: bytes) -> None:
    shop.offer(photo, "item")


def a_broken_one(shop: Shop, _: bytes) -> None:
    shop.offer(BROKEN, "item")


def one_that_another_item_shows(shop: Shop, photo: bytes) -> None:
    shop.offer(photo, "another")


LIVES: Final[list[tuple[str, Bring, set[str]]]] = [
    ("prepare", a_photo, {"s3:PUT", "dynamodb:UpdateItem", "sqs:SendMessageBatch"}),
    ("prepare", a_broken_one, {"dynamodb:UpdateItem"}),
    ("embed", a_photo, {"triton:ModelInfer", "opensearch:PUT", "opensearch:POST", "dynamodb:UpdateItem"}),
    ("embed", one_that_another_item_shows, {"opensearch:POST", "dynamodb:UpdateItem"}),
]
"""Which function dies, over what, and some of what it must have done for the test to be one."""


def live(lines: Wired, drawn: list[bytes], function: str, bring: Bring, at: int) -> list[str]:
    """A new catalogue in which `function` dies after its `at`-th step; all its steps, in order."""
    number, killed = next(_shops), lines.whole.cloud.functions[function]
    photo = drawn[number % len(drawn)]  # another than the last ones, which a process may remember
    with Shop(lines.whole, f"killed-{number}") as shop:
        shop.put_item("item")
        shop.put_item("another")
        if bring is one_that_another_item_shows:
            shop.settled(shop.offer(photo, "item"))
            drained(lines.whole)
        born = killed.cold_starts
        with killing(lines, function, at) as steps:
            bring(shop, photo)
            shop.settled(shop.offered[-1].upload)
            drained(lines.whole)
        assert shop.findings() == [], f"{function} died after {steps[:at]}"
        assert not at or killed.cold_starts > born, f"{function} was not killed; it did {steps}"
        return steps


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("function", "bring", "expected"), LIVES, ids=["new", "broken", "to find", "found"])
def test_a_function_may_die_between_any_two_steps(
    lines: Wired, drawn: list[bytes], function: str, bring: Bring, expected: set[str]
) -> None:
    undisturbed = live(lines, drawn, function, bring, 0)
    print(f"{function} over {bring.__name__}: {undisturbed}")
    assert expected <= {step.split()[0] for step in undisturbed}
    for at in range(1, len(undisturbed) + 1):
        live(lines, drawn, function, bring, at)


def test_a_request_whose_function_dies_is_answered_and_can_be_made_again(lines: Wired, drawn: list[bytes]) -> None:
    with Shop(lines.whole, f"killed-{next(_shops)}") as shop:
        shop.put_item("item")
        with killing(lines, "uploads", 1):
            refused = shop.http.post("/v1/uploads", json={"content_type": "image/jpeg", "item": "item"})
            assert refused.status_code == 500
        upload = shop.offer(drawn[0], "item")
        assert shop.settled(upload)["status"] == "indexed"
        drained(lines.whole)
        assert shop.findings() == []
