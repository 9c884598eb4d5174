import time
from collections.abc import Callable
from typing import Final

_REST_S: Final = 10.0


class Breaker:
    """Keeps from asking, for `rest` seconds after each failure, what is likely to fail again, and slowly."""

    def __init__(self, rest: float = _REST_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rest, self._monotonic = rest, monotonic
        self._until = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether it is too early to ask."""
        return self._monotonic() < self._until

    def trip(self) -> None:
        """Note a failure."""
        self._until = self._monotonic() + self._rest
