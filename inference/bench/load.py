import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

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


def open_loop(rate: float, seconds: float, call: Callable[[], object], most: int = 32) -> Load:
    """`rate` requests a second, whether those before are answered or not (as long as fewer than `most` are open)."""
    started, pause = time.perf_counter(), threading.Event()
    with ThreadPoolExecutor(most) as threads:
        waiting = []
        for number in range(round(rate * seconds)):
            due = started + number / rate
            pause.wait(max(0.0, due - time.perf_counter()))
            waiting.append(threads.submit(_timed, call, due))
        answers = [answer.result() for answer in waiting]
    return Load(answers, time.perf_counter() - started)


def _one_after_another(requests: int, call: Callable[[], object]) -> list[Answer]:
    return [_timed(call, time.perf_counter()) for _ in range(requests)]


def _timed(call: Callable[[], object], due: float) -> Answer:
    try:
        call()
    except LookalikeError as error:
        return Answer(time.perf_counter() - due, type(error))
    return Answer(time.perf_counter() - due, None)
