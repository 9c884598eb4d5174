import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnStage = Callable[[str, float], None]
"""Told the name of a stage that has ended, and the seconds it took."""


@contextmanager
def stage(name: str, on_stage: OnStage | None) -> Iterator[None]:
    """Time the block for whoever listens; a stage that fails is not told of."""
    start = time.perf_counter()
    yield
    if on_stage is not None:
        on_stage(name, time.perf_counter() - start)
