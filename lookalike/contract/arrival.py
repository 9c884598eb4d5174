"""Bodies on their way in: bounded in time and in bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import Request

from lookalike.contract.problems import HttpError
from lookalike.errors import OverloadedError

_MOST_DIGITS: Final = 18


class Buffer:
    """How many bytes of all bodies together memory may hold. For one event loop."""

    def __init__(self, most: int) -> None:
        self._left = most

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Gives what takes so many bytes until the block ends, and raises `OverloadedError` where none are left."""
        taken = 0

        def take(more: int) -> None:
            nonlocal taken
            if more > self._left:
                raise OverloadedError("too many bodies are on their way", retry_after=1.0)
            self._left -= more
            taken += more

        try:
            yield take
        finally:
            self._left += taken


async def read_body(request: Request, most: int, seconds: float, buffer: Buffer) -> bytes:
    """The body, whole.

    Raises `HttpError` 413 as soon as it is known to be longer than `most` bytes, 408 where it takes longer than
    `seconds`, `OverloadedError` where `buffer` is full.
    """
    too_large = HttpError(413, f"the body may have at most {most} bytes")
    if _announced(request) > most:
        raise too_large
    deadline = now() + seconds
    body = bytearray()
    with buffer.share() as take:
        async for chunk in timed(request, lambda: deadline):
            if len(body) + len(chunk) > most:
                raise too_large
            take(len(chunk))
            body += chunk
    return bytes(body)


async def timed(request: Request, deadline: Callable[[], float]) -> AsyncIterator[bytes]:
    """The body's chunks. Raises `HttpError` 408 where the next is not there by the deadline, which may move."""
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout_at(deadline()):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise HttpError(408, "the request took too long to arrive", {"Retry-After": "1"}) from error
        yield chunk


def now() -> float:
    """Seconds, on the event loop's clock."""
    return asyncio.get_running_loop().time()


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _MOST_DIGITS else 0
