from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

WORKERS: Final = 16
"""Requests a call keeps under way at once."""

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(function: Callable[[T], R], things: Iterable[T], workers: int = WORKERS) -> list[R]:
    """`function` of each, in order, at most `workers` at a time; the first error ends it and is raised."""
    work = list(things)
    if len(work) <= 1:
        return [function(thing) for thing in work]
    with ThreadPoolExecutor(min(workers, len(work)), "aws") as pool:
        futures = [pool.submit(function, thing) for thing in work]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """The things in order, up to `size` at a time."""
    return [things[start : start + size] for start in range(0, len(things), size)]
