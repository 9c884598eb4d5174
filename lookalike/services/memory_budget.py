import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lookalike.errors import OverloadedError
from lookalike.ports.embedder import Priority

_SMALL: Final = 16
"""A decode of up to a sixteenth of the budget is small: as much is kept free for those."""


class MemoryBudget:
    """Bytes that all decodes of a process may take together.

    Those that do not fit wait, bulk work behind interactive. Small photos never wait for large ones alone: the largest
    leave room for some.
    """

    def __init__(self, most: int, *, wait_seconds: float = 5.0, most_waiting: int = 3) -> None:
        self.most = most
        self._small = most // _SMALL
        self._wait_seconds = wait_seconds
        self._most_waiting = most_waiting
        self._taken = 0
        self._waiting = 0
        self._changed = threading.Condition()

    @property
    def taken(self) -> int:
        """Bytes that are held at this moment."""
        return self._taken

    def is_large(self, wanted: int) -> bool:
        """Whether so many bytes are more than the part that is kept free for small photos."""
        return wanted > self._small

    @contextmanager
    def hold(self, wanted: int, priority: Priority) -> Iterator[None]:
        """Hold so many bytes for the length of the block; what is larger than the budget has it to itself.

        Raises `OverloadedError` to interactive callers where `most_waiting` wait already or `wait_seconds` have passed.
        """
        room = self.most - self._small if self.is_large(wanted) else self.most
        wanted = min(wanted, room)
        with self._changed:
            if priority is Priority.INTERACTIVE:
                self._wait_ahead(wanted, room)
            else:
                self._changed.wait_for(lambda: self._waiting == 0 and self._taken + wanted <= room)
            self._taken += wanted
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()

    def _wait_ahead(self, wanted: int, room: int) -> None:
        if self._taken + wanted <= room:
            return
        if self._waiting >= self._most_waiting:
            raise OverloadedError("too many large photos are being looked at")
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._taken + wanted <= room, self._wait_seconds):
                raise OverloadedError("there was no memory for this photo in time", retry_after=self._wait_seconds)
        finally:
            self._waiting -= 1
            self._changed.notify_all()
