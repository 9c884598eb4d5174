"""What load balancers and Prometheus ask: is it alive, is it ready, how does it do."""

import logging
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from anyio import CapacityLimiter, to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from lookalike.contract.guard import Guard
from lookalike.contract.metrics import Metrics
from lookalike.contract.problems import HttpError
from lookalike.contract.refusal import Endpoint, read_only
from lookalike.errors import LookalikeError, UnavailableError

log = logging.getLogger(__name__)

LIVE: Final = "/livez"
READY: Final = "/readyz"
METRICS: Final = "/metrics"
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Phase(StrEnum):
    """Where a server's life stands."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


class Readiness:
    """Whether requests should be sent here: while serving, and as long as no check raises `LookalikeError`.

    Checks are asked at each probe, in a thread of their own; each should answer within milliseconds.
    """

    def __init__(self, checks: Mapping[str, Callable[[], object]] | None = None) -> None:
        self.phase = Phase.STARTING
        self._checks = dict(checks or {})

    def check(self) -> None:
        """Raises `UnavailableError` while requests should go elsewhere; why a check failed stays in the log."""
        if self.phase is not Phase.SERVING:
            raise UnavailableError(f"the server is {self.phase}")
        for name, check in self._checks.items():
            try:
                check()
            except LookalikeError as error:
                log.warning("not ready: %s: %s", name, error)
                raise UnavailableError(f"the check of {name} fails", retry_after=5.0) from error


def probe_routes(readiness: Readiness) -> Iterator[Route]:
    """`/livez`, which asks nothing but the event loop, and `/readyz`."""
    limiter: list[CapacityLimiter] = []  # made in the event loop that asks

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"}, headers=_NO_STORE)

    async def ready(_: Request) -> Response:
        if not limiter:
            limiter.append(CapacityLimiter(1))
        await to_thread.run_sync(readiness.check, limiter=limiter[0])
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)

    yield Route(LIVE, read_only(live))
    yield Route(READY, read_only(ready))


def metrics_app(metrics: Metrics, readiness: Readiness, *, local_names_only: bool) -> ASGIApp:
    """`/metrics` in Prometheus' text form, and the probes once more."""

    async def scrape(_: Request) -> Response:
        data = await to_thread.run_sync(generate_latest, metrics.registry)
        return Response(data, headers={**_NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})

    async def nothing(_: Request) -> Response:
        raise HttpError(404, "there is nothing at this path")

    routes = [Route(METRICS, read_only(scrape)), *probe_routes(readiness)]
    router = Router(routes, redirect_slashes=False, default=Endpoint(nothing))
    return Guard(router, local_names_only=local_names_only)
