from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeVar

import httpx
import stamina
from pydantic import BaseModel, ValidationError

from lookalike.contract.problems import error_of
from lookalike.errors import InvalidRequestError, OverloadedError, UnavailableError

_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_ATTEMPTS: Final = 6
_PATIENCE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 30.0
_PASSING: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)

M = TypeVar("M", bound=BaseModel)


class Transport:
    """Requests to one API: with its token, bounded in time, tried again where the server or the way to it was at fault.

    Every call of the API may be repeated safely; the server's Retry-After is kept to, up to 30 s. What still fails
    after 6 tries or a minute raises `lookalike.errors`, the same as the server's services raised.
    """

    def __init__(self, base_url: str, token: str | None = None) -> None:
        try:
            url = httpx.URL(base_url.rstrip("/") + "/")
        except httpx.InvalidURL as error:
            raise InvalidRequestError("catalogue", f"{base_url!r:.200} is no address: {error}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise InvalidRequestError("catalogue", f"{base_url!r:.200} must start with http:// or https://")
        self._url = url
        self._authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT)
        self._patiently = stamina.RetryingCaller(attempts=_ATTEMPTS, timeout=_PATIENCE_S).on(_pause)

    def call(self, method: str, path: str, body: BaseModel | None = None, **query: Any) -> httpx.Response:
        """Ask the API. `path` has no leading slash; members of `query` that are None are left out."""
        content = None if body is None else body.model_dump_json(exclude_none=True)
        headers = self._authorization | ({} if content is None else {"Content-Type": "application/json"})
        params = {name: value for name, value in query.items() if value is not None}
        return self._send(partial(self._client.request, method, path, content=content, headers=headers, params=params))

    def read(self, answer: type[M], method: str, path: str, body: BaseModel | None = None, **query: Any) -> M:
        """Ask the API and read its JSON answer."""
        return self.understood(answer, self.call(method, path, body, **query))

    def understood(self, answer: type[M], response: httpx.Response) -> M:
        """The document in `response`. Raises `InvalidRequestError` where no Lookalike can have written it."""
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            raise InvalidRequestError("catalogue", f"{self._url} does not answer as a Lookalike does") from error

    def post_form(self, url: str, fields: Mapping[str, str], file: bytes) -> None:
        """Send a pre-signed form, whose `url` may be relative to the API's; the token stays at home."""
        # The file is last, as what follows it is not read.
        self._send(partial(self._client.post, url, data=dict(fields), files={"file": ("photo", file)}))

    def close(self) -> None:
        """Close the connections; closing twice is fine."""
        self._client.close()

    def _send(self, request: partial[httpx.Response]) -> httpx.Response:
        try:
            return self._patiently(_checked, request)
        except httpx.HTTPError as error:
            raise UnavailableError(f"{self._url} does not answer: {error}") from error


def _checked(request: partial[httpx.Response]) -> httpx.Response:
    response = request()
    if response.is_success:
        return response
    raise error_of(response.status_code, response.content, response.headers.get("Retry-After"))


def _pause(error: Exception) -> bool | float:
    """Whether to try again: no, yes (after stamina's exponential back-off), or after so many seconds."""
    if isinstance(error, OverloadedError | UnavailableError):
        return error.retry_after if error.retry_after <= _LONGEST_PAUSE_S else False
    return isinstance(error, _PASSING)
