import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import count
from math import isfinite
from typing import Any, Final

import httpx
from pydantic import BaseModel

from lookalike.client.address import address_of, authorization, shown, url_of
from lookalike.client.answer import ENCODINGS, Answer, UnusableAnswerError, read_bounded
from lookalike.client.retry import RetryPolicy, Timing
from lookalike.contract.problems import error_of
from lookalike.contract.retry_after import retry_after_s
from lookalike.domain.text import printable
from lookalike.errors import InvalidRequestError, LookalikeError, UnavailableError

TIMEOUT_S: Final = 30.0
DEADLINE_S: Final = 60.0
_MOST_BYTES: Final = 16_000_000
"""Of one answer: three times a page of 100 items at every limit of the API."""
_MOST_ERROR_BYTES: Final = 100_000
_SLOWEST_LINE: Final = 16_000
"""Bytes per second (128 kbit/s) at which a photo still arrives in time."""
_CONNECT_S: Final = 10.0
_LIMITS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=20)

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110 §9.2.2
# 500 is among them because S3 and API Gateway say it of faults that pass:
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList (InternalError).
_PASSING_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
_PASSING: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class _Request:
    """What to ask httpx for, of whom (for messages), whether doing it twice does no harm, and how long it may take."""

    options: dict[str, Any]
    place: str
    safe: bool
    deadline_s: float


@dataclass(frozen=True, slots=True)
class _Failure:
    """A try that brought no success; `done` says whether the server may have carried it out all the same."""

    error: LookalikeError
    passing: bool = False
    done: bool = False
    retry_after_s: float = 0.0
    status: int | None = None


class AsyncTransport:
    """Requests to one API: with its token, bounded in time and size, tried again where that is safe and may help.

    What still fails raises `lookalike.errors`, the same as the server's services raised.

    `timeout` bounds each single wait on the network, `deadline` the whole call with its tries, pauses and the answer's
    body, both in seconds. Raises `InvalidRequestError` for an address, token or bound that cannot be.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT_S,
        deadline: float = DEADLINE_S,
        allow_insecure: bool = False,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        timing: Timing = Timing(),  # noqa: B008 (frozen)
    ) -> None:
        for name, seconds in (("timeout", timeout), ("deadline", deadline)):
            if not (isfinite(seconds) and seconds > 0):
                raise InvalidRequestError(name, f"must be a number of seconds above 0, is {seconds}")
        self._url = address_of(base_url)
        self._authorization = authorization(self._url, token, allow_insecure=allow_insecure)
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_S), pool=None)
        self._deadline_s = deadline
        self._policy = policy
        self._timing = timing
        self._tls = _tls()
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.address = shown(self._url)

    async def call(
        self, method: str, path: str, body: BaseModel | None = None, *, safe: bool = False, **query: Any
    ) -> Answer:
        """Ask the API. `path` has no leading slash; members of `query` that are None are left out.

        GET, PUT, DELETE and the like are repeated as they are idempotent; another method is repeated only where the
        caller knows that doing it twice does no harm and says so by `safe`. A DELETE that finds nothing after a try
        whose answer was lost has succeeded: that try removed it.
        """
        content = None if body is None else body.model_dump_json(exclude_none=True)
        options = {
            "method": method,
            "url": path,
            "content": content,
            "headers": self._authorization | ({} if content is None else {"Content-Type": "application/json"}),
            "params": {name: value for name, value in query.items() if value is not None},
        }
        return await self._send(_Request(options, self.address, safe or method in _IDEMPOTENT, self._deadline_s))

    async def post_form(self, url: str, fields: Mapping[str, str], file: bytes) -> None:
        """Send a pre-signed form, whose `url` may be relative to the API's; the token stays at home.

        It names the one place where the file goes, so that it may be sent twice. The deadline grows with the file: a
        slow line is not a broken one.
        """
        # The file is last, as what follows it is not read.
        target = url_of(url, self._url)
        options = {"method": "POST", "url": target, "data": dict(fields), "files": {"file": ("photo", file)}}
        deadline_s = self._deadline_s + len(file) / _SLOWEST_LINE
        await self._send(_Request(options, f"the upload endpoint {shown(target)}", True, deadline_s))

    async def aclose(self) -> None:
        """Close the connections; closing twice is fine."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()

    async def _send(self, request: _Request) -> Answer:
        ends = self._timing.clock() + request.deadline_s
        before: LookalikeError | None = None
        done = False
        for tries in count(1):
            result = await self._try(request, ends - self._timing.clock())
            if isinstance(result, Answer):
                return result
            if result.status == HTTPStatus.NOT_FOUND and request.options["method"] == "DELETE" and done:
                return Answer(HTTPStatus.NO_CONTENT, httpx.Headers())
            done = done or result.done
            pause = self._pause_s(result, request.safe, tries, ends)
            if pause is None:
                raise result.error from result.error.__cause__ or before
            before = result.error
            await self._timing.sleep(pause)
        raise AssertionError("unreachable")  # tells mypy that the loop has no end

    def _pause_s(self, failure: _Failure, safe: bool, tries: int, ends: float) -> float | None:
        if not failure.passing or (failure.done and not safe):
            return None
        left_s = ends - self._timing.clock()
        return self._policy.pause_s(tries, failure.retry_after_s, left_s, self._timing.chance())

    async def _try(self, request: _Request, left_s: float) -> Answer | _Failure:
        try:
            # httpx bounds each read, not their sum: https://github.com/encode/httpx/issues/1450.
            async with asyncio.timeout(left_s), self._http().stream(**request.options) as response:
                if not response.is_success:
                    return await _refused(response, request.place)
                return await read_bounded(response, _MOST_BYTES)
        except TimeoutError:
            return _Failure(UnavailableError(f"{request.place} did not answer within {request.deadline_s:g} s"))
        except UnusableAnswerError as error:
            return _Failure(not_ours(request.place, str(error)))
        except httpx.HTTPError as error:
            return _broken(error, request.place)

    def _http(self) -> httpx.AsyncClient:
        # Connections belong to a loop, and to a process: one that was forked has a loop of its own.
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx.AsyncClient(
                base_url=self._url,
                headers={"Accept-Encoding": ENCODINGS},
                timeout=self._timeout,
                limits=_LIMITS,
                verify=self._tls,
            )
        return self._client


def not_ours(place: str, how: str) -> InvalidRequestError:
    """The error that says that an answer, which `how`, comes from another kind of server."""
    return InvalidRequestError("catalogue", f"{place} does not answer as a Lookalike does: it {how}")


async def _refused(response: httpx.Response, place: str) -> _Failure:
    status, headers = response.status_code, response.headers
    if response.has_redirect_location:
        # Not followed: the token would go where its owner never meant it to.
        to = printable(headers["Location"], 200)
        return _Failure(InvalidRequestError("catalogue", f"{place} sends us on to {to}: is that its address?"))
    try:
        body = (await read_bounded(response, _MOST_ERROR_BYTES)).content
    except (UnusableAnswerError, httpx.HTTPError):
        body = b""  # the status says enough
    date = headers.get("Date")
    longest = max(headers.get_list("Retry-After"), key=lambda text: retry_after_s(text, date) or 0.0, default=None)
    error = error_of(status, body, longest, date)
    wait_s = retry_after_s(longest, date)
    return _Failure(
        error,
        passing=status in _PASSING_STATUSES,
        done=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after_s=getattr(error, "retry_after", 0.0) if wait_s is None else wait_s,
        status=status,
    )


def _broken(error: httpx.HTTPError, place: str) -> _Failure:
    told = UnavailableError(f"{place} does not answer: {printable(str(error), 200) or type(error).__name__}")
    told.__cause__ = error
    passing = isinstance(error, _PASSING) and not _is_for_good(error)
    return _Failure(told, passing, done=not isinstance(error, _UNSENT))


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reads all root certificates, some 20 ms


def _is_for_good(error: BaseException) -> bool:
    """Whether it fails for a reason that does not pass: a certificate, no such name, a bad redirect."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError | httpx.InvalidURL)
        or (isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME)
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
