import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from lookalike.contract.http import HttpRequest, HttpResponse
from lookalike.contract.problems import MEDIA_TYPE, HttpError, invalid_request, problem_of
from lookalike.contract.route import JSON, Answer, AnyRoute, Call, Picture
from lookalike.contract.routes import ROUTES
from lookalike.contract.services import Services
from lookalike.errors import InvalidRequestError, UnauthenticatedError

REQUEST_ID: Final = "X-Request-Id"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:=-]{1,128}")
_STAGE: Final = re.compile(r"([a-z]+);dur=([0-9.]+)")
_MOST_PARAMETERS: Final = 20
_Match = tuple[AnyRoute, dict[str, str]]  # a route and its path's parameters


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """From a request to a response: finds the route, checks who asks and what they say, and tells errors as problems.

    Routes whose service the host does not have are not there.
    """

    services: Services
    routes: tuple[AnyRoute, ...] = ROUTES

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Never raises: what goes wrong becomes a problem (RFC 9457)."""
        start = perf_counter()
        number = request_id(request.headers)
        status, headers, body, stages = self._answer(request, number)
        always = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            REQUEST_ID: number,
            "Server-Timing": server_timing({**stages, "total": (perf_counter() - start) * 1000}),
        }
        if request.method == "HEAD":
            headers, body = {**headers, "Content-Length": str(len(body))}, b""
        return HttpResponse(status, always | headers, body)

    def body_limit(self, request: HttpRequest) -> int:
        """How many bytes of this request's body are worth reading: none where it will be refused anyway."""
        for route, _ in self._at(request):
            if route.method == request.method and (route.public or request.caller is not None):
                return route.body_limit
        return 0

    def is_always_answered(self, request: HttpRequest) -> bool:
        """Whether it asks how the server is, which it says whatever its load."""
        return any(route.always for route, _ in self._at(request))

    def _answer(self, request: HttpRequest, number: str) -> tuple[int, dict[str, str], bytes, Mapping[str, float]]:
        try:
            there = self._at(request)
            found = _choose(there, request)
            if found is None:
                taken = {route.method for route, _ in there}
                return 204, other_method(request.method, request.headers, taken), b"", {}
            route, segments = found
            answer = self._ask(route, segments, request)
            return route.status, *_written(answer), answer.stages_ms
        except Exception as error:  # noqa: BLE001 (every failure is told as a problem, here)
            told = problem_of(error, number)
            return told.problem.status, {"Content-Type": MEDIA_TYPE, **told.headers}, told.body(), {}

    def _at(self, request: HttpRequest) -> list[_Match]:
        served = [route for route in self.routes if route.service(self.services) is not None]
        if (request.method, request.path) == ("OPTIONS", "*"):  # of the server as a whole (RFC 9110, section 9.3.7)
            return [(route, {}) for route in served]
        matches = ((route, route.match(request.path)) for route in served)
        return [(route, segments) for route, segments in matches if segments is not None]

    def _ask(self, route: AnyRoute, segments: dict[str, str], request: HttpRequest) -> Answer:
        if request.caller is None and not route.public:
            raise UnauthenticatedError("send a valid token as 'Authorization: Bearer …'")
        call = Call(request.caller, _parameters(route, segments, request.query), _body(route, request))
        answer: Answer = route.handle(route.service(self.services), call)
        return answer


def other_method(method: str, headers: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """The headers that tell OPTIONS what a path takes, which is `taken`, and HEAD wherever GET is.

    Raises `HttpError` 405 for every other method, and for a browser's preflight: pages of other origins are not let
    in (API Gateway answers preflights itself, for the origins it was given).
    """
    allowed = ", ".join(sorted({*taken, "OPTIONS"} | ({"HEAD"} if "GET" in taken else set())))
    if method == "OPTIONS" and "origin" not in headers:
        return {"Allow": allowed}
    raise HttpError(405, f"this path takes {allowed}", {"Allow": allowed})


def request_id(headers: Mapping[str, str]) -> str:
    """The caller's own number for this request where it is fit to be repeated, else a new one."""
    given = headers.get(REQUEST_ID.lower(), "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def server_timing(stages_ms: Mapping[str, float]) -> str:
    """Milliseconds by stage as https://www.w3.org/TR/server-timing/ writes them."""
    return ", ".join(f"{name};dur={took:.2f}" for name, took in stages_ms.items())


def stages_of(timing: str) -> dict[str, float]:
    """What `server_timing` wrote."""
    return {name: float(took) for name, took in _STAGE.findall(timing)}


def _choose(there: list[_Match], request: HttpRequest) -> _Match | None:
    if not there:
        raise HttpError(404, "there is nothing at this path")
    method = "GET" if request.method == "HEAD" else request.method
    return next((match for match in there if match[0].method == method), None)


def _parameters(route: AnyRoute, segments: dict[str, str], query: str) -> BaseModel:
    try:
        asked = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidRequestError("query", f"at most {_MOST_PARAMETERS} parameters are read") from error
    given = dict(segments)
    for name, value in asked:
        if name in given:
            raise InvalidRequestError(f"{name:.80}", "is given more than once")
        given[name] = value
    try:
        parameters: BaseModel = route.parameters.model_validate_strings(given)
    except ValidationError as error:
        raise invalid_request(error, "query") from error
    return parameters


def _body(route: AnyRoute, request: HttpRequest) -> Any:
    if route.body is None:
        return None
    if len(request.body) > route.body_limit:
        raise HttpError(413, f"the body may have at most {route.body_limit} bytes")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        # Also keeps other sites' pages out: browsers send JSON across origins only where they were allowed to.
        raise HttpError(415, f"the body must be sent as {JSON}")
    try:
        return route.body.model_validate_json(request.body)
    except ValidationError as error:
        raise invalid_request(error) from error


def _written(answer: Answer) -> tuple[dict[str, str], bytes]:
    match answer.content:
        case None:
            return dict(answer.headers), b""
        case Picture(data, media_type):
            return {"Content-Type": media_type, **answer.headers}, data
        case model:
            return {"Content-Type": JSON, **answer.headers}, model.model_dump_json().encode()
