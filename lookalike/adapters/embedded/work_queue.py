import heapq
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from itertools import count, islice
from time import monotonic

from lookalike.errors import UnavailableError
from lookalike.ports.work_queue import AT_ONCE, Pointer


class InProcessWorkQueue:
    """At most `most` different pointers, first come first served; one that waits already is not added again.

    What it holds is gone with the process, and yet nothing is lost: the ledger knows every upload that is
    under way, and whoever opens the catalogue sends those again.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._waiting: OrderedDict[Pointer, None] = OrderedDict()  # not a dict: its front is slow once much was taken
        self._later: list[tuple[float, int, Pointer]] = []  # when, a number that settles ties, what
        self._numbers = count()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._later)

    def send_many(self, pointers: Sequence[Pointer], *, delay: timedelta = AT_ONCE) -> None:
        """Accept all of them, or none and raise `UnavailableError` where there is no room or it was closed."""
        with self._changed:
            if self._closed:
                raise UnavailableError("the catalogue is closed")
            fresh = dict.fromkeys(pointer for pointer in pointers if pointer not in self._waiting)
            if len(self) + len(fresh) > self._most:
                raise UnavailableError(f"{len(self)} uploads wait already", retry_after=5)
            if delay:
                due = monotonic() + delay.total_seconds()
                for pointer in fresh:
                    heapq.heappush(self._later, (due, next(self._numbers), pointer))
            else:
                self._waiting.update(fresh)
                self._changed.notify_all()

    def take(self, most: int, timeout: float) -> list[Pointer]:
        """Up to `most` pointers, the oldest first; none when nothing came for `timeout` seconds or it was closed.

        What becomes due while it waits may be left to the next call.
        """
        with self._changed:
            self._admit_due()
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            if self._closed:
                return []
            taken = list(islice(self._waiting, most))
            for pointer in taken:
                del self._waiting[pointer]
            return taken

    def _admit_due(self) -> None:
        while self._later and self._later[0][0] <= monotonic():
            self._waiting[heapq.heappop(self._later)[2]] = None

    def close(self) -> None:
        """Wake whoever waits; from now on nothing is accepted and nothing comes out. Twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
