"""API Gateway's HTTP API on loopback: routes, the authoriser, events of payload 2.0, answers."""

import base64
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from werkzeug.wrappers import Request, Response

from infra.rehearsal.registry import RouteSpec
from infra.rehearsal.runner.authoriser import JwtAuthoriser, NotAuthorisedError
from infra.rehearsal.runner.function import Function
from infra.rehearsal.runner.sandbox import FunctionError

log = logging.getLogger(__name__)

_MOST_BYTES: Final = 10 * 1024 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
_TEXTS: Final = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form")


class Front:
    """A WSGI application; what it refuses itself, it refuses in API Gateway's words."""

    def __init__(
        self, routes: Sequence[RouteSpec], functions: Mapping[str, Function], cors: Mapping[str, Any] | None = None
    ) -> None:
        """`cors` is the API's declared configuration, in Pulumi's words."""
        self._routes = routes
        self._functions = functions
        self._cors = cors or {}
        self._authorisers = {r.authoriser: JwtAuthoriser(r.authoriser) for r in routes if r.authoriser}

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        request = Request(environ)
        known = request.headers.get("Origin", "") in self._cors.get("allowOrigins", ())
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = Response(status=204) if self._cors and preflight else self._answer(request)
        if known:
            response.headers.update(self._allowed(request.headers["Origin"], preflight=preflight))
        return response(environ, start_response)

    def _allowed(self, origin: str, *, preflight: bool) -> dict[str, str]:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html."""
        always = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if not preflight:
            return {**always, "Access-Control-Expose-Headers": ",".join(self._cors.get("exposeHeaders", ()))}
        return {
            **always,
            "Access-Control-Allow-Methods": ",".join(self._cors.get("allowMethods", ())),
            "Access-Control-Allow-Headers": ",".join(self._cors.get("allowHeaders", ())),
            "Access-Control-Max-Age": str(self._cors.get("maxAge", 0)),
        }

    def _answer(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _said(404, "Not Found")
        route, parameters = found
        claims: dict[str, Any] | None = None
        if route.authoriser:
            try:
                claims = self._authorisers[route.authoriser](request.headers.get("Authorization", ""))
            except NotAuthorisedError as error:
                log.info("401 for %s: %s", request.path, error)
                return _said(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})
        if (request.content_length or 0) > _MOST_BYTES:
            return _said(413, "Request Entity Too Large")
        return self._ask(route, event_of(request, route, parameters, claims))

    def _ask(self, route: RouteSpec, event: Mapping[str, Any]) -> Response:
        try:
            return _response(self._functions[route.function.name].invoke(event))
        except FunctionError as error:
            log.warning("%s: %s", route.name, error)
            if error.kind == "Sandbox.Timedout":
                return _said(503, "Service Unavailable")
            return _said(500, "Internal Server Error")

    def _find(self, request: Request) -> tuple[RouteSpec, dict[str, str]] | None:
        for route in self._routes:
            if route.method == request.method and (parameters := _matched(route.path, request.path)) is not None:
                return route, parameters
        return None


def event_of(
    request: Request, route: RouteSpec, parameters: Mapping[str, str], claims: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The request as payload 2.0: the path decoded, header names lower-case, several values of one joined.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    body, content_type = request.get_data(), request.headers.get("Content-Type", "")
    is_text = content_type.startswith(_TEXTS)
    now = datetime.now(UTC)
    context: dict[str, Any] = {
        "accountId": route.function.arn.split(":")[4],
        "apiId": "rehearsal",
        "domainName": request.host,
        "domainPrefix": request.host.split(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.remote_addr,
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": base64.urlsafe_b64encode(uuid.uuid4().bytes[:11]).decode(),
        "routeKey": f"{route.method} {route.path}",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(time.time() * 1000),
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": {name: _text(v) for name, v in claims.items()}, "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": context["routeKey"],
        "rawPath": request.path,
        "rawQueryString": request.query_string.decode("latin-1"),
        "headers": {name.lower(): ",".join(request.headers.getlist(name)) for name in request.headers.keys()},  # noqa: SIM118 - of pairs
        "requestContext": context,
        "isBase64Encoded": bool(body) and not is_text,
    }
    if request.args:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in request.args.lists()}
    if parameters:
        event["pathParameters"] = dict(parameters)
    if body:
        event["body"] = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode()
    return event


def _matched(pattern: str, path: str) -> dict[str, str] | None:
    ours, theirs = pattern.split("/"), path.split("/")
    if len(ours) != len(theirs):
        return None
    pairs = list(zip(ours, theirs, strict=True))
    if any(our != their for our, their in pairs if not our.startswith("{")):
        return None
    return {our[1:-1]: their for our, their in pairs if our.startswith("{")}


def _response(answer: Mapping[str, Any]) -> Response:
    body = answer.get("body", "")
    data = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return Response(data, answer["statusCode"], dict(answer.get("headers", {})))


def _said(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(f'{{"message":"{message}"}}', status, dict(headers or {}), content_type="application/json")


def _text(value: Any) -> str:
    return f"[{' '.join(map(str, value))}]" if isinstance(value, list) else str(value)
