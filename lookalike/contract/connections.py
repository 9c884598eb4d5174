"""Connections of the server: who does not speak up is closed, and nobody takes all of them (ADR 26)."""

import asyncio
import math
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from typing import Any, Final

import h11
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from lookalike.contract.access_log import OTHER, Access
from lookalike.contract.dispatcher import REQUEST_ID, request_id
from lookalike.contract.guard import STOPPING, Guard
from lookalike.contract.peers import SHARE, peer_of
from lookalike.contract.problems import MEDIA_TYPE, HttpError, problem_of
from lookalike.contract.refusal import Incoming, Unhurried, refusal
from lookalike.errors import UnavailableError

_LINGER_SECONDS: Final = 2.0
_FAREWELL_SECONDS: Final = 0.5
_SPARE: Final = 64
_LONGEST_HEAD: Final = 32 * 1024
_FULL: Final = UnavailableError("too many connections are open", retry_after=2.0)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long they may take.

    A request's head has to be complete `head_seconds` after the connection was made or the last answer sent. An
    answer that nobody reads is given up `write_seconds` later. One peer may have its share of `most`.
    """

    most: int = 512
    head_seconds: float = 10.0
    write_seconds: float = 30.0


class State(IntEnum):
    """What a connection is doing, in the order in which connections are given up where there are too many."""

    ENDED = 0
    UNHEARD = 1
    IDLE = 2
    SENDING = 3
    """Its request's body is on its way."""
    ASKED = 4
    """Its request has arrived: never given up."""


class _Heads(h11.Connection):
    """h11, stricter with the head of a request.

    h11 bounds a head that is incomplete; one that arrives whole is bounded here. Where both Content-Length and
    Transfer-Encoding are there, a proxy may see another end of the request than we do (RFC 9112, section 6.1).
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, _LONGEST_HEAD)
        self.method = b""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """As h11's. Raises `h11.RemoteProtocolError`."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.method = event.method
            self._check(event)
        return event

    def _check(self, head: h11.Request) -> None:
        fields = head.headers.raw_items()
        length = len(head.method) + len(head.target) + sum(len(name) + len(value) + 4 for name, value in fields)
        if length > _LONGEST_HEAD:
            raise h11.RemoteProtocolError("too long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in head.headers}:
            raise h11.RemoteProtocolError("two lengths")


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 connection with deadlines, and one of a bounded number.

    `note` is told of each request that is refused before the application has seen it.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
        note: Callable[[Access], None],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: _Heads = _Heads()
        self._note = note
        self._limits = limits
        self._peer = ""
        self._since = 0.0
        self._stopping = False
        self._ended = False
        self._heard_all = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def state(self) -> State:
        """What it is doing."""
        if self._ended:
            return State.ENDED
        if self.cycle is None:
            return State.UNHEARD
        if self.cycle.response_complete:
            return State.UNHEARD if self._has_begun() else State.IDLE
        return State.SENDING if self.cycle.more_body else State.ASKED

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin to wait for a head; make room for it where there are too many."""
        super().connection_made(transport)
        self._peer = peer_of(self.client[0]) if self.client else ""
        listener: socket.socket | None = transport.get_extra_info("socket")
        if listener is not None:
            # Head and body go out in two writes, and Nagle's algorithm (RFC 896) holds the second back until the first
            # is acknowledged, 40 ms later. asyncio sees to that only for sockets that were made for TCP by name.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_head()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of its timers."""
        self._cancel_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it was refused: what still comes is dropped then."""
        if not self._ended:
            super().data_received(data)

    def eof_received(self) -> bool:  # type: ignore[override] # as asyncio's
        """Keep our half open while a request is answered: who has asked may close its own (RFC 9112, section 9.6)."""
        self._heard_all = self.state is State.ASKED
        return self._heard_all

    def handle_events(self) -> None:
        """Stop waiting for a head once it is there."""
        super().handle_events()
        if self.state >= State.SENDING and self._deadline is not None:
            self._deadline.cancel()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        self._await_head()
        if self._stopping:
            self.shutdown()
        super().on_response_complete()
        if self._heard_all and self.state < State.SENDING:
            self._close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, with a problem. Called by uvicorn while it handles h11's error."""
        error = sys.exc_info()[1]
        status = 431 if getattr(error, "error_status_hint", 400) == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE else 400
        self._refuse(HttpError(status, msg if status == HTTPStatus.BAD_REQUEST else "the request's head is too long"))

    def shutdown(self) -> None:
        """Finish the request under way. One that comes within half a second after it is told to come again later."""
        self._stopping = True
        self.app = Guard(_Refusing(STOPPING), local_names_only=False)
        if self.state < State.SENDING:
            self.loop.call_later(_FAREWELL_SECONDS, self._close_unless_asked)

    def pause_writing(self) -> None:
        """Nobody reads the answer: wait for a while."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Somebody does."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def _has_begun(self) -> bool:
        return bool(self.conn.trailing_data[0])

    def _await_head(self) -> None:
        self._since = self.loop.time()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(self._limits.head_seconds, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        if self._has_begun():
            slow = f"the request's head took longer than {self._limits.head_seconds:g} seconds"
            self._refuse(HttpError(408, slow, {"Retry-After": "1"}))
        else:
            self._close()

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, Connection) and one is not self]
        of_peer = [one for one in others if one._peer == self._peer]  # noqa: SLF001 (of this class)
        if len(of_peer) >= math.ceil(self._limits.most * SHARE):
            crowd = of_peer
        elif len(others) >= self._limits.most:
            crowd = others
        else:
            return
        first = min(crowd, key=lambda one: (one.state, one._since))  # noqa: SLF001 (of this class)
        if first.state < State.ASKED:
            first.make_way()
        elif len(others) < self._limits.most + _SPARE:
            self.app = Guard(_Refusing(_FULL), local_names_only=False)
        else:
            self.transport.abort()

    def make_way(self) -> None:
        """End for the sake of another; who had begun to ask is told."""
        if self.state in (State.ENDED, State.IDLE) or not (self._has_begun() or self.cycle):
            self.connections.discard(self)
            self.transport.abort()
        else:
            self._refuse(_FULL)

    def _refuse(self, error: Exception) -> None:
        """Answer with a problem where that can still be done, and end."""
        under_way = self.cycle is not None and not self.cycle.response_complete
        if under_way:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            number = request_id({})
            told = problem_of(error, number)
            body = told.body()
            headers = {
                "Content-Type": MEDIA_TYPE,
                "Content-Length": str(len(body)),
                "Connection": "close",
                REQUEST_ID: number,
                **told.headers,
            }
            response = h11.Response(status_code=told.problem.status, headers=list(headers.items()))
            if self.conn.our_state is h11.SEND_RESPONSE and self.conn.method == b"HEAD":
                body = b""
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            if not under_way:  # else the application notes it
                ms = round((self.loop.time() - self._since) * 1000, 3)
                status, sent = told.problem.status, len(body)
                self._note(Access(method=OTHER, route=OTHER, status=status, ms=ms, request=number, sent=sent))
        self._end()

    def _end(self) -> None:
        """Close our half; the whole, once the other has read the answer or two seconds have passed.

        Closing on bytes that nobody read would reset the connection, and the reset can overtake the answer.
        """
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()
            self._leave()

    def _close(self) -> None:
        self.transport.close()
        self._leave()

    def _leave(self) -> None:
        self._ended = True
        self._cancel_timers()
        self._unset_keepalive_if_required()
        self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _close_unless_asked(self) -> None:
        if self.state < State.SENDING:
            self._close()

    def _cancel_timers(self) -> None:
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()


class _Refusing:
    """An ASGI application that tells everybody the same error, and closes the connection."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal(self._error, Request(scope))
        response.headers["Connection"] = "close"
        await Unhurried(response, Incoming(receive))(scope, receive, send)
