import asyncio
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.contract.refusal import Incoming, Unhurried, refusal
from lookalike.errors import ForbiddenError, UnavailableError

STOPPING: Final = UnavailableError("the server is stopping", retry_after=5.0)

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Middleware: gives every response its security headers, and one to each request that is cancelled.

    With `local_names_only` it turns away requests under a name that is not this machine's. Without a token, this is
    what keeps out other sites' pages whose name was made to resolve to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, local_names_only: bool) -> None:
        self._app = app
        self._local_names_only = local_names_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._pass_on(scope, receive, send_guarded)
        except asyncio.CancelledError:  # the server stops, and the grace it gives is over
            if started:
                raise
            await Unhurried(refusal(STOPPING, Request(scope)), Incoming(receive))(scope, receive, send_guarded)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._local_names_only and not is_local(Headers(scope=scope).get("host", "")):
            error = ForbiddenError("without a token, this server answers to localhost only")
            await Unhurried(refusal(error, Request(scope)), Incoming(receive))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_local(authority: str) -> bool:
    """Whether ``name[:port]`` or an address names this machine and no other."""
    name, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        name = authority
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
