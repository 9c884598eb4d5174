import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts that botocore does not repeat itself, such as the unprocessed part of a batch.

    Exponential with full jitter
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): the n-th wait is random between 0 and
    `first` x 2^n seconds, at most `longest`. With the defaults, eight attempts within 5.1 seconds.
    """

    attempts: int = 8
    first: float = 0.05
    longest: float = 2.0
    sleep: Callable[[float], None] = time.sleep

    def rounds(self) -> Iterator[int]:
        """Number the attempts from 0, waiting before each but the first; ends when they are used up."""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(random.uniform(0, min(self.first * 2 ** (attempt - 1), self.longest)))  # noqa: S311 - no secret
            yield attempt
