from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from lookalike.ports.work_queue import Pointer

LONGEST_CORRELATION: Final = 128
"""Characters; longer ids, which only a stranger's header can bring, are cut."""

Correlate = Callable[[Pointer], str]
"""Tells the correlation id under which work on an upload is logged; empty where there is none."""

_nothing: Mapping[Pointer, str] = MappingProxyType({})
_carried: ContextVar[tuple[Mapping[Pointer, str], str]] = ContextVar("correlation", default=(_nothing, ""))


@contextmanager
def carrying(correlations: Mapping[Pointer, str], otherwise: str = "") -> Iterator[None]:
    """Within this, `correlation_of` knows these ids, and `otherwise` for every other upload.

    A batch of messages has an id each; an HTTP request has one for all it does.
    """
    token = _carried.set((correlations, otherwise))
    try:
        yield
    finally:
        _carried.reset(token)


def correlation_of(pointer: Pointer) -> str:
    """The correlation id that is carried for this upload; a `Correlate`."""
    correlations, otherwise = _carried.get()
    return correlations.get(pointer, otherwise)[:LONGEST_CORRELATION]
