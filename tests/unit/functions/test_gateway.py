import base64
import json
from typing import Any

import pytest

from functions.gateway import answer, read_request, write_response
from lookalike.adapters.aws.correlation import correlation_of
from lookalike.contract.http import HttpRequest, HttpResponse
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.ports.work_queue import Pointer

CLAIM = "catalogue"


def event(**changes: Any) -> dict[str, Any]:
    """As API Gateway sends it for `POST /v1/search` with a token."""
    claims = changes.pop("claims", {CLAIM: "shop"})
    context: dict[str, Any] = {"requestId": "JKJaXmPLvHcESHA=", "http": {"method": "POST", "path": "/v1/search"}}
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return {
        "version": "2.0",
        "rawPath": "/v1/search",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": context,
        "body": "{}",
        "isBase64Encoded": False,
    } | changes


def test_the_caller_is_the_verified_tokens() -> None:
    request = read_request(event(body=json.dumps({"catalogue": "other"})), CLAIM)
    assert request.caller is not None
    assert request.caller.catalogue == CatalogueId("shop")


@pytest.mark.parametrize("claims", [None, {}, {"catalogue": "NOT A NAME"}, {"other": "shop"}, {"catalogue": ""}])
def test_a_token_without_a_catalogue_is_nobodys(claims: dict[str, str] | None) -> None:
    assert read_request(event(claims=claims), CLAIM).caller is None


def test_headers_name_no_caller() -> None:
    headers = {"catalogue": "other", "X-Catalogue": "other", "authorization": "Bearer forged"}
    assert read_request(event(claims=None, headers=headers), CLAIM).caller is None


def test_a_body_in_base64_is_decoded() -> None:
    request = read_request(event(body=base64.b64encode(b"\xff\x00").decode(), isBase64Encoded=True), CLAIM)
    assert request.body == b"\xff\x00"


def test_a_decoded_path_is_encoded_again() -> None:
    assert read_request(event(rawPath="/v1/items/a b?c"), CLAIM).path == "/v1/items/a%20b%3Fc"
    assert read_request(event(rawPath="/v1/items/A~1:2@3+4=5,6"), CLAIM).path == "/v1/items/A~1:2@3+4=5,6"


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ({}, "JKJaXmPLvHcESHA="),
        ({"X-Request-Id": "mine-1"}, "mine-1"),
        ({"x-request-id": "not fit\nfor a log"}, "JKJaXmPLvHcESHA="),
    ],
)
def test_every_request_has_a_number(headers: dict[str, str], number: str) -> None:
    assert read_request(event(headers=headers), CLAIM).headers["x-request-id"] == number


def test_what_is_not_text_travels_in_base64() -> None:
    told = write_response(HttpResponse(200, {"Content-Type": "image/webp"}, b"RIFF\xff"))
    assert told["isBase64Encoded"]
    assert base64.b64decode(told["body"]) == b"RIFF\xff"


def test_text_travels_as_it_is() -> None:
    told = write_response(HttpResponse(404, {"Content-Type": "application/problem+json"}, '{"é": 1}'.encode()))
    assert (told["statusCode"], told["body"], told["isBase64Encoded"]) == (404, '{"é": 1}', False)


def test_the_number_goes_with_everything_done_for_the_request() -> None:
    pointer = Pointer(CatalogueId("shop"), UploadId("abcdefgh12345678"))
    seen: list[tuple[str, str]] = []

    def dispatch(request: HttpRequest) -> HttpResponse:
        seen.append((request.path, correlation_of(pointer)))
        return HttpResponse(204, {}, b"")

    assert answer(dispatch, event(headers={"X-Request-Id": "mine-1"}), CLAIM)["statusCode"] == 204
    assert seen == [("/v1/search", "mine-1")]
    assert correlation_of(pointer) == ""


@pytest.mark.parametrize("scopes", ["catalogue/shop", "openid catalogue/shop", "catalogue/shop other/shop-b"])
def test_cognitos_tokens_name_the_catalogue_by_a_scope(scopes: str) -> None:
    caller = read_request(event(claims={"scope": scopes, "catalogue": "other"}), "scope").caller
    assert caller is not None
    assert caller.catalogue == CatalogueId("shop")


@pytest.mark.parametrize(
    "scopes", ["", "openid", "shop", "other/shop", "catalogue/shop catalogue/shop-b", "catalogue/", "catalogue/NO"]
)
def test_scopes_that_name_no_catalogue_or_several_are_nobodys(scopes: str) -> None:
    assert read_request(event(claims={"scope": scopes}), "scope").caller is None


def test_a_plain_claim_is_no_scope() -> None:
    assert read_request(event(claims={CLAIM: "catalogue/shop"}), CLAIM).caller is None
