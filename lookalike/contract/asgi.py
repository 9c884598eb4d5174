"""The contract over ASGI: one catalogue, served by this process."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from typing import Final
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from lookalike.contract.arrival import Buffer, read_body
from lookalike.contract.connections import ConnectionLimits
from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.guard import Guard
from lookalike.contract.http import Caller, HttpRequest
from lookalike.contract.metrics import Metrics
from lookalike.contract.observe import Observed
from lookalike.contract.page import page_routes
from lookalike.contract.peers import Slots, host_of
from lookalike.contract.probes import Readiness, probe_routes
from lookalike.contract.refusal import Endpoint
from lookalike.contract.routes import ROUTES
from lookalike.contract.services import Services
from lookalike.contract.upload_endpoint import Patience, UploadDoor, UploadEndpoint
from lookalike.domain.catalogue import CatalogueId
from lookalike.errors import InvalidRequestError

_SHORTEST_TOKEN: Final = 16
_RESERVED_THREADS: Final = 2
_BODY_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is served: whose catalogue, by which services, to whom, and how much at once.

    With a `token` every route but health, the page and the upload door asks for it; without one only this machine may
    ask, under a name of this machine. Requests beyond `max_in_flight`, and photos beyond `max_uploads`, are refused
    with 429 at once, and so is what goes beyond one peer's share of them (`peers.SHARE`); `threads` of them are worked
    on, the others wait. What takes longer to arrive than its seconds gets 408. Told to stop, it answers what is under
    way for `grace_seconds`, and the rest with 503. With `metrics`, requests are counted there.
    """

    services: Services
    catalogue: CatalogueId
    token: str | None = field(default=None, repr=False)
    uploads: UploadDoor | None = None
    page: Traversable | None = None
    max_in_flight: int = 64
    max_uploads: int = 10
    threads: int = 8
    body_seconds: float = 30.0
    form_seconds: float = 10.0
    photo_seconds: float = 120.0
    grace_seconds: int = 10
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    readiness: Readiness = field(default_factory=Readiness)
    metrics: Metrics | None = None

    def __post_init__(self) -> None:
        if self.token is not None and (len(self.token) < _SHORTEST_TOKEN or not self.token.isascii()):
            raise InvalidRequestError("token", f"must have at least {_SHORTEST_TOKEN} characters, all of them ASCII")


def build_app(site: Site) -> ASGIApp:
    """The ASGI application. Raises nothing at run time: every failure is a problem (RFC 9457)."""
    threads = CapacityLimiter(site.threads)
    routes = [*probe_routes(site.readiness), *(page_routes(site.page) if site.page else ())]
    if site.uploads is not None:
        patience = Patience(site.form_seconds, site.photo_seconds)
        uploads = UploadEndpoint(site.uploads, Slots(site.max_uploads, "photos"), threads, patience)
        routes.append(Route("/v1/uploads/{id}/bytes", Endpoint(uploads)))
    api = Endpoint(_Api(Dispatcher(site.services), site, threads))
    # Whatever else comes, `OPTIONS *` and odd paths included, is the dispatcher's to answer.
    router = Router(routes, redirect_slashes=False, default=api)
    templates = [*(route.path for route in routes), *(route.path for route in ROUTES)]
    return Observed(Guard(router, local_names_only=site.token is None), templates, site.metrics)


class _Api:
    """Hands requests to the dispatcher, in a thread: in one of a few of their own where they are always answered."""

    def __init__(self, dispatch: Dispatcher, site: Site, threads: CapacityLimiter) -> None:
        self._dispatch = dispatch
        self._site = site
        self._threads = threads
        self._reserved = CapacityLimiter(_RESERVED_THREADS)
        self._slots = Slots(site.max_in_flight, "requests")
        self._buffer = Buffer(_BODY_BYTES)

    async def __call__(self, request: Request) -> Response:
        asked = HttpRequest(
            method=request.method,
            path=request.scope.get("raw_path", quote(request.scope["path"]).encode()).decode("latin-1"),
            query=request.scope["query_string"].decode("latin-1"),
            headers=dict(request.headers),
            caller=_caller(self._site, request.headers),
        )
        if limit := self._dispatch.body_limit(asked):
            asked = replace(asked, body=await read_body(request, limit, self._site.body_seconds, self._buffer))
        if self._dispatch.is_always_answered(asked):
            return await self._ask(asked, self._reserved)
        with self._slots.take(host_of(request)):  # not before: a body that trickles in holds up nobody
            return await self._ask(asked, self._threads)

    async def _ask(self, asked: HttpRequest, threads: CapacityLimiter) -> Response:
        told = await to_thread.run_sync(self._dispatch, asked, limiter=threads)
        return Response(told.body, told.status, told.headers)


def _caller(site: Site, headers: Mapping[str, str]) -> Caller | None:
    if site.token is None:
        return Caller(site.catalogue)
    scheme, _, given = headers.get("authorization", "").partition(" ")
    # Hashed first, so that not even the length of what is right can be told from the time it takes.
    right, asked = (hashlib.sha256(text.strip().encode()).digest() for text in (site.token, given))
    return Caller(site.catalogue) if scheme.lower() == "bearer" and hmac.compare_digest(right, asked) else None
