import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, ParamSpec, TypeVar

from pydantic import BaseModel, ValidationError

from lookalike.client.answer import Answer
from lookalike.client.async_transport import AsyncTransport, not_ours
from lookalike.client.event_loop import event_loop
from lookalike.errors import InvalidRequestError, UnavailableError

M = TypeVar("M", bound=BaseModel)
P = ParamSpec("P")
R = TypeVar("R")


class Transport:
    """`AsyncTransport` for callers that wait; may be used by several threads, and takes the same arguments."""

    def __init__(self, base_url: str, token: str | None = None, **options: Any) -> None:
        self._inner = AsyncTransport(base_url, token, **options)
        self._lock = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._closed = False

    def call(
        self, method: str, path: str, body: BaseModel | None = None, *, safe: bool = False, **query: Any
    ) -> Answer:
        """See `AsyncTransport.call`."""
        return self._wait(self._inner.call, method, path, body, safe=safe, **query)

    def read(
        self,
        answer: type[M],
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        safe: bool = False,
        **query: Any,
    ) -> M:
        """Ask the API and read its JSON answer."""
        return self.understood(answer, self.call(method, path, body, safe=safe, **query))

    def understood(self, answer: type[M], response: Answer) -> M:
        """The document in `response`. Raises `InvalidRequestError` where no Lookalike can have written it."""
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            raise self.not_ours(f"is no {answer.__name__}") from error

    def not_ours(self, how: str) -> InvalidRequestError:
        """The error that says that an answer, which `how`, comes from another kind of server."""
        return not_ours(self._inner.address, how)

    def post_form(self, url: str, fields: Mapping[str, str], file: bytes) -> None:
        """See `AsyncTransport.post_form`."""
        self._wait(self._inner.post_form, url, fields, file)

    def close(self) -> None:
        """Close the connections and end the calls under way, which raise `UnavailableError`; twice is fine."""
        with self._lock:
            self._closed = True
            for future in list(self._under_way):
                future.cancel()
        asyncio.run_coroutine_threadsafe(self._inner.aclose(), event_loop()).result()

    def _wait(self, call: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            if self._closed:
                raise self._ended()
            future = asyncio.run_coroutine_threadsafe(call(*args, **kwargs), event_loop())
            self._under_way.add(future)
        try:
            return future.result()
        except CancelledError as error:
            raise self._ended() from error
        except BaseException:  # Ctrl-C: nobody waits for the answer any more
            future.cancel()
            raise
        finally:
            self._under_way.discard(future)

    def _ended(self) -> UnavailableError:
        return UnavailableError(f"the catalogue at {self._inner.address} was closed")
