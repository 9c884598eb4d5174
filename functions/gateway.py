"""API Gateway's events (HTTP API, payload 2.0) as requests of the contract, and its responses as they want them."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from aws_lambda_powertools.metrics import MetricUnit

from functions import runtime
from lookalike.adapters.aws.catalogue_scope import catalogue_named
from lookalike.adapters.aws.correlation import carrying
from lookalike.contract.access_log import OTHER, Access, known_method, write_access
from lookalike.contract.dispatcher import REQUEST_ID, request_id, stages_of
from lookalike.contract.http import Caller, HttpRequest, HttpResponse
from lookalike.errors import InvalidRequestError

_TEXTS: Final = ("application/json", "application/problem+json", "text/")
_HEADER: Final = REQUEST_ID.lower()


def answer(dispatch: Callable[[HttpRequest], HttpResponse], event: Mapping[str, Any], claim: str) -> dict[str, Any]:
    """What `dispatch` says to the event. The request's number goes into every log line and with every upload."""
    request = read_request(event, claim)
    number = request.headers[_HEADER]
    runtime.logger().set_correlation_id(number)
    with carrying({}, otherwise=number):
        response = dispatch(request)
    runtime.count(f"Answers{response.status // 100}xx")
    stages = stages_of(response.headers.get("Server-Timing", ""))
    for stage, took in stages.items():
        runtime.measure(runtime.stage_metric(stage), took, MetricUnit.Milliseconds)
    _log(event, request, response, stages)
    return write_response(response)


def _log(event: Mapping[str, Any], request: HttpRequest, response: HttpResponse, stages: Mapping[str, float]) -> None:
    write_access(
        Access(
            method=known_method(request.method),
            route=event.get("routeKey", OTHER).partition(" ")[2] or OTHER,
            status=response.status,
            ms=stages.get("total", 0.0),
            request=request.headers[_HEADER],
            stages_ms={stage: took for stage, took in stages.items() if stage != "total"},
            received=len(request.body),
            sent=len(response.body),
        )
    )


def read_request(event: Mapping[str, Any], claim: str) -> HttpRequest:
    """The request; its caller is whom the authoriser verified, by the token's `claim`, and never whom it names itself.

    An HTTP API hands paths over decoded (unlike REST APIs and function URLs), so they are encoded again. Where the
    caller gave no number of their own that can be used, the request has the gateway's.
    """
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    if _HEADER not in headers or request_id(headers) != headers[_HEADER]:
        headers[_HEADER] = request_id({_HEADER: context["requestId"]})
    body = event.get("body") or ""
    return HttpRequest(
        method=context["http"]["method"],
        path=quote(event["rawPath"], safe="/~:@+=,"),
        query=event.get("rawQueryString", ""),
        headers=headers,
        body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        caller=_caller(context, claim),
    )


def write_response(response: HttpResponse) -> dict[str, Any]:
    """The response as API Gateway wants it: what is not text in base64."""
    is_text = response.headers.get("Content-Type", "text/").startswith(_TEXTS)
    body = response.body.decode() if is_text else base64.b64encode(response.body).decode()
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "body": body,
        "isBase64Encoded": not is_text,
    }


def _caller(context: Mapping[str, Any], claim: str) -> Caller | None:
    claims = context.get("authorizer", {}).get("jwt", {}).get("claims", {})
    try:
        return Caller(catalogue_named(claim, claims[claim]))
    except (KeyError, InvalidRequestError):
        return None  # a good token that is nobody's here: as good as none
