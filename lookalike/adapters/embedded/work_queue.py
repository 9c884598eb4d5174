import threading
from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice

from lookalike.errors import UnavailableError
from lookalike.ports.work_queue import Pointer


class InProcessWorkQueue:
    """At most `most` different pointers, first come first served; one that waits already is not added again.

    What it holds is gone with the process, and yet nothing is lost: the ledger knows every upload that is
    under way, and whoever opens the catalogue sends those again.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._waiting: OrderedDict[Pointer, None] = OrderedDict()  # not a dict: its front is slow once much was taken
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def send_many(self, pointers: Sequence[Pointer]) -> None:
        """Accept all of them, or none and raise `UnavailableError` where there is no room or it was closed."""
        with self._changed:
            if self._closed:
                raise UnavailableError("the catalogue is closed")
            fresh = dict.fromkeys(pointer for pointer in pointers if pointer not in self._waiting)
            if len(self._waiting) + len(fresh) > self._most:
                raise UnavailableError(f"{len(self._waiting)} uploads wait already", retry_after=5)
            self._waiting.update(fresh)
            self._changed.notify_all()

    def take(self, most: int, timeout: float) -> list[Pointer]:
        """Up to `most` pointers, the oldest first; none when nothing came for `timeout` seconds or it was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            if self._closed:
                return []
            taken = list(islice(self._waiting, most))
            for pointer in taken:
                del self._waiting[pointer]
            return taken

    def close(self) -> None:
        """Wake whoever waits; from now on nothing is accepted and nothing comes out. Twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
