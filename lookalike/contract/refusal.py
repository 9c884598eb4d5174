import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from lookalike.contract.dispatcher import REQUEST_ID, other_method, request_id
from lookalike.contract.problems import MEDIA_TYPE, problem_of

_LINGER_BYTES: Final = 24 * 1024 * 1024
"""What a photo of 20 MB and its form take: clients send a body to its end before they read the response."""
_LINGER_SECONDS: Final = 5.0


class Incoming:
    """A request's `receive` that remembers whether the body's end was seen."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def __call__(self) -> Message:
        """The next message."""
        message = await self._receive()
        self.ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message


class Unhurried(Response):
    """A response that may come before the request was read to its end.

    Closing a connection on bytes that nobody read resets it, and the reset can overtake the response: so what still
    comes is read and dropped for a while (24 MiB or 5 s), once the response is on its way, and only then closed. That
    takes a connection, the first to be given up where there are too many, and no memory.
    """

    def __init__(self, response: Response, incoming: Incoming) -> None:
        super().__init__(response.body, response.status_code)
        self.raw_headers = response.raw_headers
        self._incoming = incoming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, then linger."""
        del receive
        headers = Request(scope).headers
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if self._incoming.ended or not has_body:
            await super().__call__(scope, self._incoming, send)
            return
        self.headers["Connection"] = "close"
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await self._linger()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        dropped = 0
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._incoming.ended and dropped < _LINGER_BYTES:
                    dropped += len((await self._incoming()).get("body", b""))
        except TimeoutError:
            return


class Endpoint:
    """An ASGI application that sends what `answer` answers.

    Every failure is told as a problem; a client that went away is told nothing.
    """

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        incoming = Incoming(receive)
        request = Request(scope, incoming)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 (see above)
            response = refusal(error, request)
        await Unhurried(response, incoming)(scope, receive, send)


def read_only(answer: Callable[[Request], Awaitable[Response]]) -> Endpoint:
    """An endpoint that takes GET and HEAD."""

    async def checked(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=204, headers=other_method(request.method, request.headers, ["GET"]))
        response = await answer(request)
        if request.method == "HEAD":
            response.body = b""  # its Content-Length stays
        return response

    return Endpoint(checked)


def refusal(error: Exception, request: Request) -> Response:
    """`error` as a problem."""
    number = request_id(request.headers)
    told = problem_of(error, number)
    headers = {"Cache-Control": "no-store", REQUEST_ID: number, **told.headers}
    return Response(told.body(), told.problem.status, headers, MEDIA_TYPE)
