import re
from collections.abc import Iterable
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.contract.access_log import OTHER, Access, known_method, write_access
from lookalike.contract.dispatcher import REQUEST_ID, request_id, stages_of
from lookalike.contract.metrics import Metrics

_ABSOLUTE: Final = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_WENT_AWAY: Final = 499  # nginx's word for a client that closed the connection before it was answered


class Observed:
    """Middleware, the outermost: each request is logged, counted and timed, and each response has a request id.

    `templates` are the paths that are served, with parameters in braces; every other path is told as ``other``.
    """

    def __init__(self, app: ASGIApp, templates: Iterable[str], metrics: Metrics | None) -> None:
        self._app = app
        self._templates = Templates(templates)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _in_origin_form(scope)
        exchange = _Exchange(scope, receive, send)
        if self._metrics is None:
            await self._pass_on(scope, exchange)
        else:
            with self._metrics.in_flight.track_inprogress():
                await self._pass_on(scope, exchange)

    async def _pass_on(self, scope: Scope, exchange: "_Exchange") -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            note_access(self._metrics, exchange.access(self._templates.of(scope["path"])))


def note_access(metrics: Metrics | None, access: Access) -> None:
    """Log a request, and count it."""
    write_access(access)
    if metrics is not None:
        metrics.note(access)


class Templates:
    """Finds the template of a path by one regular expression."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._templates = list(dict.fromkeys(templates))
        self._pattern = re.compile("|".join(f"({_pattern(template)})" for template in self._templates) or "(?!)")

    def of(self, path: str) -> str:
        """The template, or ``other``."""
        found = self._pattern.fullmatch(path)
        return OTHER if found is None else self._templates[(found.lastindex or 1) - 1]


class _Exchange:
    """One request and its response, as they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._start = perf_counter()
        self._method = known_method(scope["method"])
        self._id = request_id(Headers(scope=scope))
        self._receive = receive
        self._send = send
        self._status = _WENT_AWAY
        self._timing = ""
        self._received = self._sent = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            self._id = headers.setdefault(REQUEST_ID, self._id)
            self._timing = headers.get("server-timing", "")
            self._status = message["status"]
        else:
            self._sent += len(message.get("body", b""))
        await self._send(message)

    def access(self, route: str) -> Access:
        stages = stages_of(self._timing)
        stages.pop("total", None)
        return Access(
            method=self._method,
            route=route,
            status=self._status,
            ms=round((perf_counter() - self._start) * 1000, 3),
            request=self._id,
            stages_ms=stages,
            received=self._received,
            sent=self._sent,
        )


def _pattern(template: str) -> str:
    return "/".join("[^/]+" if segment.startswith("{") else re.escape(segment) for segment in template.split("/"))


def _in_origin_form(scope: Scope) -> Scope:
    """`scope` with ``http://host/path`` taken apart: servers have to understand it (RFC 9112, section 3.2.2)."""
    absolute = _ABSOLUTE.fullmatch(scope["path"])
    if absolute is None:
        return scope
    raw = _ABSOLUTE.fullmatch(scope["raw_path"].decode("latin-1"))
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {
        **scope,
        "path": absolute[2] or "/",
        "raw_path": ((raw and raw[2]) or "/").encode("latin-1"),
        "headers": [(b"host", absolute[1].encode()), *others],
    }
