"""`prepare` and `embed` are killed between every two of their effects: on AWS, on the model, on the index."""

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
from tests.rehearsal.wired import Wired, wired

BROKEN: Final = b"\xff\xd8 this is no photo"
_shops = count(1)


@pytest.fixture(scope="module")
def lines(whole: Rehearsal) -> Iterator[Wired]:
    with wired(whole, retry_after_s=0) as made:
        yield made


@contextmanager
def killing(lines: Wired, function: str, at: int) -> Iterator[list[str]]:
    """Kill `function` when its `at`-th effect is done, before it learns so; yields all its effects. 0 kills nobody."""
    effects: list[str] = []
    lock = Lock()  # photos are written beside each other

    def after(effect: str) -> None:
        with lock:
            effects.append(effect)
            if len(effects) == at:
                for pid in lines.whole.cloud.functions[function].pids():
                    os.kill(pid, signal.SIGKILL)

    with lines.wire.watched(function, after=after):
        yield effects


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
    """A new catalogue in which `function` dies after its `at`-th effect; all its effects, in order."""
    number, killed = next(_shops), lines.whole.cloud.functions[function]
    photo = drawn[number % len(drawn)]  # another than the last ones, which a process may remember
    with Shop(lines.whole, f"killed-{number}") as shop:
        shop.put_item("item")
        shop.put_item("another")
        if bring is one_that_another_item_shows:
            shop.settled(shop.offer(photo, "item"))
            drained(lines.whole)
        born = killed.cold_starts
        with killing(lines, function, at) as effects:
            bring(shop, photo)
            shop.settled(shop.offered[-1].upload)
            drained(lines.whole)
        assert shop.findings() == [], f"{function} died after {effects[:at]}"
        assert not at or killed.cold_starts > born, f"{function} was not killed; it did {effects}"
        return effects


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("function", "bring", "expected"), LIVES, ids=["new", "broken", "to find", "found"])
def test_a_function_may_die_between_any_two_effects(
    lines: Wired, drawn: list[bytes], function: str, bring: Bring, expected: set[str]
) -> None:
    undisturbed = live(lines, drawn, function, bring, 0)
    print(f"{function} over {bring.__name__}: {undisturbed}")
    assert expected <= {effect.split()[0] for effect in undisturbed}
    for at in range(1, len(undisturbed) + 1):
        live(lines, drawn, function, bring, at)
