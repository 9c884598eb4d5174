import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.errors import OverloadedError
from lookalike.ports.embedder import Priority


class Turnstile:
    """Lets one caller in at a time, and `bulk` only while no `interactive` one waits.

    An interactive caller thus waits for those before it and one bulk turn at most; where `most` of them wait
    already, it is refused with `OverloadedError`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._taken = False
        self._waiting = 0

    @contextmanager
    def turn(self, priority: Priority) -> Iterator[None]:
        """Hold the turn for the length of the block."""
        with self._changed:
            if priority is Priority.INTERACTIVE:
                self._wait_ahead()
            else:
                self._changed.wait_for(lambda: not self._taken and self._waiting == 0)
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

    def _wait_ahead(self) -> None:
        if self._waiting >= self._most:
            raise OverloadedError(f"{self._waiting} searches wait for the model already")
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: not self._taken)
        finally:
            self._waiting -= 1
