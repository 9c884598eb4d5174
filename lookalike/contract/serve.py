import asyncio
import ctypes
import logging
import math
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from lookalike.contract.access_log import Access
from lookalike.contract.asgi import Site, build_app
from lookalike.contract.connections import Connection, ConnectionLimits
from lookalike.contract.guard import is_local
from lookalike.contract.observe import note_access
from lookalike.contract.probes import METRICS, Phase, metrics_app
from lookalike.errors import InvalidRequestError

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS: Final = 2.0
_M_MMAP_THRESHOLD: Final = -3
_LARGE_BLOCK: Final = 1024 * 1024
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2
_BACKLOG: Final = 64
"""Connections that asyncio accepts at once, before any of them can make room; they all take descriptors."""
_DESCRIPTORS: Final = 4096
_ACCEPT_ERROR_SECONDS: Final = 5.0
_METRICS_CONNECTIONS: Final = ConnectionLimits(most=32)
_METRICS_GRACE_SECONDS: Final = 1


def run(site: Site, host: str, port: int, on_started: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way (for `grace_seconds` at most) and return.

    `port` 0 takes a free one; `on_started` is told the URL once it answers.
    Raises `InvalidRequestError` where `host` is not this machine alone and the site has no token, and where the
    address cannot be had.
    """
    check_binding(host, site.token)
    _give_memory_back()
    _raise_descriptor_limit()
    with _listen(host, port) as listener:
        url = _url(host, listener)
        Server(site, lambda: on_started(url)).run([listener])


@contextmanager
def metrics_at(site: Site, host: str, port: int) -> Iterator[str]:
    """Serve the site's metrics and probes beside it until the context ends; gives the metrics' URL.

    Anybody who reaches the address may read them. Raises `InvalidRequestError` where it cannot be had or the site
    counts nothing.
    """
    if site.metrics is None:
        raise InvalidRequestError("metrics", "the site counts nothing")
    app = metrics_app(site.metrics, site.readiness, local_names_only=is_local(_authority(host)))
    with _listen(host, port) as listener, _serving_beside(app, listener):
        yield _url(host, listener) + METRICS


def check_binding(host: str, token: str | None) -> None:
    """Raises `InvalidRequestError` where others could reach `host` and no token keeps them out."""
    if token is None and not is_local(_authority(host)):
        raise InvalidRequestError(
            "host", f"{host} can be reached by others: set a token to serve there, or keep to 127.0.0.1"
        )


class Server(uvicorn.Server):
    """uvicorn, told how to start, how much to take and how to stop."""

    def __init__(self, site: Site, on_started: Callable[[], None]) -> None:
        note = partial(note_access, site.metrics)
        super().__init__(_config(build_app(site), site.connections, note, site.grace_seconds))
        self._on_started = on_started
        self._readiness = site.readiness

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        asyncio.get_running_loop().set_exception_handler(LoopErrors())
        await super().startup(sockets)
        if self.started:
            self._readiness.phase = Phase.SERVING
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; who is still under way when the grace is over is told so, and given time to hear it."""
        self._readiness.phase = Phase.STOPPING
        await super().shutdown(sockets)
        if left := list(self.server_state.tasks):
            await asyncio.wait(left, timeout=_LAST_WORDS_SECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; unlike uvicorn's own, do not raise them again: our caller has to tidy up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class LoopErrors:
    """An event loop's exception handler: that nothing could be accepted is told once in five seconds.

    asyncio tells it for each attempt (`OSError`, with the listening socket beside it), with a traceback.
    """

    def __init__(self) -> None:
        self._quiet_until = -math.inf

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log it as asyncio would, or in one line where a connection was not accepted."""
        error = context.get("exception")
        if not isinstance(error, OSError) or "socket" not in context:
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + _ACCEPT_ERROR_SECONDS
            log.error("connections cannot be accepted: %s", error.strerror)


def _config(
    app: ASGIApp, limits: ConnectionLimits, note: Callable[[Access], None], grace_seconds: int
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(Connection, limits=limits, note=note),  # type: ignore[arg-type] # called as a class is
        log_config=None,
        log_level="error",  # its warnings are of what callers send, which the access log has
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        backlog=_BACKLOG,
        timeout_keep_alive=math.ceil(limits.head_seconds),
        timeout_graceful_shutdown=grace_seconds,
    )


@contextmanager
def _serving_beside(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Serve `app` from a thread and an event loop of its own: a server that hangs can still be looked at."""
    server = uvicorn.Server(_config(app, _METRICS_CONNECTIONS, lambda _: None, _METRICS_GRACE_SECONDS))
    thread = threading.Thread(target=server.run, args=([listener],), name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{_authority(host)}:{listener.getsockname()[1]}"


def _give_memory_back() -> None:
    """Have glibc return large blocks to the system as they are freed, and keep small ones in few places.

    Left to itself it keeps blocks of up to 32 MB for later once one of that size was freed (mallopt(3),
    M_MMAP_THRESHOLD), which photos are made of: after a few large ones the process held 150 MB that nobody used.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):  # which musl has not
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def _raise_descriptor_limit() -> None:
    """Allow as many open files as may be had, up to 4,096: shells often allow 1,024, which 512 connections come near.

    Some systems name a higher limit than they give; then it stays as it is.
    """
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise InvalidRequestError("port", f"cannot serve at {host}:{port}: {error.strerror}") from error
