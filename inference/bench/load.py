import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from inference.bench.prepared import Ended
from lookalike.errors import LookalikeError


@dataclass(frozen=True, slots=True)
class Answer:
    """How long one request took, in seconds from when it was due, and the error it ended with."""

    seconds: float
    error: type[LookalikeError] | None


@dataclass(frozen=True, slots=True)
class Load:
    """What came of many requests sent within `seconds`."""

    answers: Sequence[Answer]
    seconds: float

    @property
    def rate(self) -> float:
        """Requests served a second."""
        return sum(answer.error is None for answer in self.answers) / self.seconds

    @property
    def lost(self) -> int:
        """How many were not served."""
        return sum(answer.error is not None for answer in self.answers)

    def of(self, error: type[LookalikeError] | None) -> "Load":
        """Only those that ended so."""
        return Load([answer for answer in self.answers if answer.error is error], self.seconds)

    def milliseconds(self, percentile: float) -> float:
        """Percentile of the time taken; NaN where there was no request."""
        times = [answer.seconds * 1000 for answer in self.answers]
        return float(np.percentile(times, percentile)) if times else float("nan")


def closed_loop(clients: int, requests: int, call: Callable[[], object]) -> Load:
    """`clients` at once, each sending its next of `requests` when the one before is answered."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        waves = [threads.submit(_one_after_another, requests, call) for _ in range(clients)]
        answers = [answer for wave in waves for answer in wave.result()]
    return Load(answers, time.perf_counter() - started)


def open_loop(rate: float, seconds: float, begin: Callable[[Ended], None], most: int = 256, seed: int = 1) -> Load:
    """`rate` requests a second on average, whether those before are answered or not.

    They come as strangers do, at random moments (a Poisson process): evenly spaced ones would hardly ever wait. `most`
    are open at once, and the next waits; its time counts from when it was due.
    """
    answers: list[Answer] = []
    started, pause, room = time.perf_counter(), threading.Event(), threading.Semaphore(most)

    def send(due: float) -> None:
        def ended(error: type[LookalikeError] | None) -> None:
            answers.append(Answer(time.perf_counter() - due, error))
            room.release()

        room.acquire()
        begin(ended)

    for due in started + np.random.default_rng(seed).exponential(1 / rate, round(rate * seconds)).cumsum():
        pause.wait(max(0.0, due - time.perf_counter()))
        send(due)
    for _ in range(most):  # until all are answered
        room.acquire()
    return Load(answers, time.perf_counter() - started)


def _one_after_another(requests: int, call: Callable[[], object]) -> list[Answer]:
    return [_timed(call) for _ in range(requests)]


def _timed(call: Callable[[], object]) -> Answer:
    started = time.perf_counter()
    try:
        call()
    except LookalikeError as error:
        return Answer(time.perf_counter() - started, type(error))
    return Answer(time.perf_counter() - started, None)
