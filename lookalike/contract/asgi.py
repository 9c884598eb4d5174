"""The contract over ASGI: one catalogue, served by this process."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from typing import Final
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike.adapters.embedded.upload_form import Allowance, UploadForms
from lookalike.contract.dispatcher import REQUEST_ID, Dispatcher, other_method, request_id
from lookalike.contract.guard import Guard
from lookalike.contract.http import Caller, HttpRequest
from lookalike.contract.page import page_routes
from lookalike.contract.problems import HttpError
from lookalike.contract.refusal import respond
from lookalike.contract.services import Services
from lookalike.contract.upload_post import UploadPost
from lookalike.domain.catalogue import CatalogueId
from lookalike.errors import ForbiddenError, InvalidRequestError, OverloadedError
from lookalike.ports.clock import Clock
from lookalike.services.receive_uploads import ReceiveUploads

_SHORTEST_TOKEN: Final = 16
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """Takes in what a pre-signed form allows, where no bucket does: `POST /v1/uploads/{id}/bytes`."""

    forms: UploadForms
    receive: ReceiveUploads
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is served: whose catalogue, by which services, to whom, and how much at once.

    With a `token` every route but health, the page and the upload door asks for it; without one only this machine may
    ask, under a name of this machine. Requests beyond `max_in_flight`, and photos beyond `max_uploads`, are refused
    with 429 at once; `threads` of them are worked on, the others wait. What takes longer to arrive than its seconds
    gets 408.
    """

    services: Services
    catalogue: CatalogueId
    token: str | None = field(default=None, repr=False)
    uploads: UploadDoor | None = None
    page: Traversable | None = None
    max_in_flight: int = 64
    max_uploads: int = 8
    threads: int = 8
    body_seconds: float = 30.0
    photo_seconds: float = 120.0

    def __post_init__(self) -> None:
        if self.token is not None and (len(self.token) < _SHORTEST_TOKEN or not self.token.isascii()):
            raise InvalidRequestError("token", f"must have at least {_SHORTEST_TOKEN} characters, all of them ASCII")


def build_app(site: Site) -> ASGIApp:
    """The ASGI application. Raises nothing at run time: every failure is a problem (RFC 9457)."""
    threads = CapacityLimiter(site.threads)
    routes = list(page_routes(site.page)) if site.page else []
    if site.uploads is not None:
        door = _Door(site.uploads, threads, site.photo_seconds)
        routes.append(Route("/v1/uploads/{id}/bytes", _Endpoint(door, Slots(site.max_uploads, "photos"))))
    api = _Endpoint(_Api(Dispatcher(site.services), site, threads), Slots(site.max_in_flight, "requests"))
    # Whatever else comes, `OPTIONS *` and odd paths included, is the dispatcher's to answer.
    router = Router(routes, redirect_slashes=False, default=api)
    return Guard(router, local_names_only=site.token is None)


class Slots:
    """How much may be under way at once. For one event loop."""

    def __init__(self, most: int, what: str) -> None:
        self._free = most
        self._what = what

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold one slot. Raises `OverloadedError` where none is free: who would have to queue is told at once."""
        if self._free == 0:
            raise OverloadedError(f"too many {self._what} are under way", retry_after=1.0)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class _Endpoint:
    """Lets `answer` answer while a slot is free."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]], slots: Slots) -> None:
        self._answer = answer
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(self._held, scope, receive, send)

    async def _held(self, request: Request) -> Response:
        with self._slots.take():
            return await self._answer(request)


class _Api:
    """Hands requests to the dispatcher, in a thread."""

    def __init__(self, dispatch: Dispatcher, site: Site, threads: CapacityLimiter) -> None:
        self._dispatch = dispatch
        self._site = site
        self._threads = threads

    async def __call__(self, request: Request) -> Response:
        asked = HttpRequest(
            method=request.method,
            path=request.scope.get("raw_path", quote(request.scope["path"]).encode()).decode("latin-1"),
            query=request.scope["query_string"].decode("latin-1"),
            headers=dict(request.headers),
            caller=_caller(self._site, request.headers),
        )
        if limit := self._dispatch.body_limit(asked):
            body = b"".join([chunk async for chunk in _bounded(request, limit, self._site.body_seconds)])
            asked = replace(asked, body=body)
        told = await to_thread.run_sync(self._dispatch, asked, limiter=self._threads)
        return Response(told.body, told.status, told.headers)


class _Door:
    """Takes photos in as S3 would; the signed form is all the permission there is."""

    def __init__(self, door: UploadDoor, threads: CapacityLimiter, seconds: float) -> None:
        self._door = door
        self._seconds = seconds
        self._threads = threads

    async def __call__(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=204, headers=other_method(request.method, request.headers, ["POST"]))
        allowance, data = await self._read(request)
        originals = {allowance.upload: data}
        await to_thread.run_sync(self._door.receive, allowance.catalogue, originals, limiter=self._threads)
        return Response(status_code=204, headers={REQUEST_ID: request_id(request.headers)})

    async def _read(self, request: Request) -> tuple[Allowance, bytes]:
        allowances: list[Allowance] = []

        def admit(fields: Mapping[str, str]) -> int:
            allowance = self._door.forms.read(fields, self._door.clock.now())
            if allowance.upload != request.path_params["id"]:
                raise ForbiddenError("the upload form is for another upload")
            allowances.append(allowance)
            return allowance.max_bytes

        post = UploadPost(request.headers.get("content-type", ""), admit)
        async for chunk in _timed(request, self._seconds):
            post.feed(chunk)
        data = post.file()
        return allowances[0], data


async def _bounded(request: Request, most: int, seconds: float) -> AsyncIterator[bytes]:
    """The body's chunks. Raises `HttpError` 413 as soon as it is known to be longer than `most` bytes."""
    too_large = HttpError(413, f"the body may have at most {most} bytes")
    if _announced(request) > most:
        raise too_large
    read = 0
    async for chunk in _timed(request, seconds):
        read += len(chunk)
        if read > most:
            raise too_large
        yield chunk


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _MOST_DIGITS else 0


async def _timed(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body's chunks. Raises `HttpError` 408 where the whole takes longer than `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise HttpError(408, f"the request did not arrive within {seconds:g} seconds") from error
        yield chunk


def _caller(site: Site, headers: Mapping[str, str]) -> Caller | None:
    if site.token is None:
        return Caller(site.catalogue)
    scheme, _, given = headers.get("authorization", "").partition(" ")
    # Hashed first, so that not even the length of what is right can be told from the time it takes.
    right, asked = (hashlib.sha256(text.strip().encode()).digest() for text in (site.token, given))
    return Caller(site.catalogue) if scheme.lower() == "bearer" and hmac.compare_digest(right, asked) else None
