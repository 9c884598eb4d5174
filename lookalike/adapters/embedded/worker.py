import heapq
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from time import monotonic
from typing import Final, Protocol

from lookalike.adapters.embedded.background import Background
from lookalike.errors import LookalikeError
from lookalike.ports.work_queue import Pointer
from lookalike.services.outcome import Outcome

log = logging.getLogger(__name__)

BATCH: Final = 16
RETRY_SECONDS: Final = (0.5, 2.0, 8.0, 30.0)
"""Pauses before the tries after the first; then the upload rests as it is until the catalogue is opened again."""
_POLL_SECONDS: Final = 0.2


class Queue(Protocol):
    """What a worker takes its work from."""

    def take(self, most: int, timeout: float) -> list[Pointer]:
        """Up to `most` pointers; none when nothing came for `timeout` seconds or the queue is closed."""
        ...


class Worker(Background):
    """Takes pointers from a queue to one step, and brings back later those that failed.

    Stopped, it finishes the batch under way; what is left is found in the ledger when the catalogue opens again.
    """

    def __init__(
        self, name: str, queue: Queue, step: Callable[[Sequence[Pointer]], list[Outcome]], batch: int = BATCH
    ) -> None:
        super().__init__(name)
        self._queue = queue
        self._batch = batch
        self._step = step
        self._tries: Counter[Pointer] = Counter()
        self._later: list[tuple[float, int, Pointer]] = []  # when, a number that settles ties, what
        self._numbers = count()

    def _run(self) -> None:
        while not self._stopping.is_set():
            pointers = self._due() or self._queue.take(self._batch, _POLL_SECONDS)
            if pointers:
                self._work(pointers)

    def _due(self) -> list[Pointer]:
        due: list[Pointer] = []
        while self._later and self._later[0][0] <= monotonic() and len(due) < self._batch:
            due.append(heapq.heappop(self._later)[2])
        return due

    def _work(self, pointers: Sequence[Pointer]) -> None:
        try:
            outcomes = self._step(pointers)
        except LookalikeError as error:
            outcomes = [Outcome(pointer, str(error)) for pointer in pointers]
        except Exception as error:  # a step's surprise must not end the thread that all later uploads need
            log.exception("a step broke")
            outcomes = [Outcome(pointer, str(error)) for pointer in pointers]
        for outcome in outcomes:
            self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        tries = self._tries[outcome.pointer]
        if outcome.done or tries == len(RETRY_SECONDS):
            del self._tries[outcome.pointer]
            if not outcome.done:
                log.error("gave up on upload %s: %s", outcome.pointer.upload, outcome.error)
            return
        self._tries[outcome.pointer] += 1
        heapq.heappush(self._later, (monotonic() + RETRY_SECONDS[tries], next(self._numbers), outcome.pointer))
