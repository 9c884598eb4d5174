import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

_MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried, and how long to wait before each further try.

    Full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): the pause is drawn evenly
    from a range that doubles with each try. What the server asks for by Retry-After, and at least `floor_s`, comes on
    top, so that clients that were refused together do not return together.

    The first range is as wide as it is for the sake of a crowd: of clients refused in one moment, 200 ms hold
    0.2 / `first_spread_s` = 2.5 % of the returns.

    This is the one place that says whether to try again: a retry budget and a circuit breaker belong here.
    """

    most_tries: int = 4
    floor_s: float = 0.1
    first_spread_s: float = 8.0
    longest_spread_s: float = 32.0

    def pause_s(self, tries: int, retry_after_s: float, left_s: float, chance: float) -> float | None:
        """Seconds to wait after `tries` ≥ 1 failed tries, or None to give up.

        `chance` is a random number in [0, 1). A pause that would not end within `left_s`, what remains of the call's
        deadline, is not begun.
        """
        if tries >= self.most_tries:
            return None
        spread = min(self.first_spread_s * 2 ** min(tries - 1, _MOST_DOUBLINGS), self.longest_spread_s)
        pause = max(self.floor_s, retry_after_s) + chance * spread
        return pause if pause < left_s else None


@dataclass(frozen=True, slots=True)
class Timing:
    """Where time and chance come from: a monotonic clock in seconds, a sleep, random numbers in [0, 1)."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
