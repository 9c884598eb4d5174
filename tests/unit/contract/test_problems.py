"""What each route says when something is wrong."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fake_shop import SHOP, Shop, picture, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike import errors
from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.http import Caller, HttpRequest
from lookalike.contract.problems import KINDS, error_of, problem_of
from lookalike.contract.services import Health, Services
from lookalike.errors import LookalikeError, Rejection

GOOD_UPLOAD = "u" * 22
ITEM = {"id": "a", "category": "dress"}
MODEL = "fake-000000000000-p1"


def classes(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from classes(kind)


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, errors.InvalidRequestError):
        return kind("k", "is odd")
    if issubclass(kind, errors.PhotoRejectedError):
        return kind(Rejection.TOO_SMALL, "It is tiny.")
    if issubclass(kind, errors.OverloadedError | errors.UnavailableError):
        return kind("busy", retry_after=2.4)
    return kind("a sentence")


PUBLIC = [kind for kind in classes(LookalikeError) if not kind.__name__.startswith("_")]


def test_every_error_of_the_tree_has_its_own_row() -> None:
    assert {kind.error for kind in KINDS} == set(PUBLIC)
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    for place, kind in enumerate(KINDS):
        assert not any(issubclass(kind.error, earlier.error) for earlier in KINDS[:place]), f"{kind.name} is hidden"


@pytest.mark.parametrize("kind", PUBLIC)
def test_an_error_survives_the_way_to_the_client(kind: type[Exception]) -> None:
    error = made(kind)
    answer = problem_of(error, "number")
    again = error_of(answer.problem.status, answer.body(), answer.headers.get("Retry-After"))
    if kind is errors.CatalogueDamagedError:  # what is broken on the server is no business of the client's
        assert type(again) is errors.UnavailableError
        assert b"a sentence" not in answer.body()
        return
    assert type(again) is kind
    assert str(again) == str(error)
    assert getattr(again, "code", None) == getattr(error, "code", None)


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (errors.InvalidRequestError("k", "is odd"), 422, {}),
        (errors.PhotoRejectedError(Rejection.EMPTY, "Empty."), 422, {}),
        (errors.NotFoundError("gone"), 404, {}),
        (errors.UnauthenticatedError("who?"), 401, {"WWW-Authenticate": 'Bearer realm="lookalike"'}),
        (errors.ForbiddenError("no"), 403, {}),
        (errors.ConflictError("late"), 409, {}),
        (errors.OverloadedError("busy", retry_after=2.4), 429, {"Retry-After": "3"}),
        (errors.UnavailableError("down", retry_after=0.2), 503, {"Retry-After": "1"}),
        (errors.CatalogueLockedError("in use"), 503, {"Retry-After": "5"}),
        (errors.CatalogueDamagedError("secret path"), 503, {"Retry-After": "60"}),
        (ZeroDivisionError("secret"), 500, {}),
    ],
)
def test_an_error_of_a_service_becomes_a_problem(
    error: Exception, status: int, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Health:
        raise error

    dispatch = Dispatcher(Services(health=fail))
    with caplog.at_level(logging.ERROR):
        response = dispatch(HttpRequest("GET", "/v1/health", headers={"x-request-id": "n-1"}))
    assert response.status == told(response)["status"] == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {name: response.headers.get(name) for name in headers} == headers
    assert ("Retry-After" in response.headers) == ("Retry-After" in headers)
    if status == 500 or isinstance(error, errors.CatalogueDamagedError):
        assert b"secret" not in response.body
        assert b"n-1" in response.body
        assert "secret" in caplog.text


MALFORMED: list[tuple[str, str, Any, str]] = [
    ("POST", "/v1/search", b"", "body"),
    ("POST", "/v1/search", b"{", "body"),
    ("POST", "/v1/search", b"\xff", "body"),
    ("POST", "/v1/search", b"[" * 10_000, "body"),
    ("POST", "/v1/search", [], "body"),
    ("POST", "/v1/search", {}, "body"),
    ("POST", "/v1/search", {"item": "a", "upload": GOOD_UPLOAD}, "body"),
    ("POST", "/v1/search", {"item": "a", "catalogue": "other-shop"}, "catalogue"),
    ("POST", "/v1/search", {"item": ""}, "item"),
    ("POST", "/v1/search", {"item": 7}, "item"),
    ("POST", "/v1/search", {"upload": "../../etc/passwd"}, "upload"),
    ("POST", "/v1/search", {"item": "a", "k": 0}, "k"),
    ("POST", "/v1/search", {"item": "a", "k": 1001}, "k"),
    ("POST", "/v1/search", {"item": "a", "k": "10"}, "k"),
    ("POST", "/v1/search", {"item": "a", "k": True}, "k"),
    ("POST", "/v1/search", {"item": "a", "k": 1.5}, "k"),
    ("POST", "/v1/search", {"item": "a", "filter": {"any": ["colour:red"]}}, "filter"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"any": ["colour:red", "red"]}]}, "filter[0].any[1]"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"any": []}]}, "filter[0].any"),
    ("POST", "/v1/search", {"item": "a", "filter": [{}]}, "filter[0]"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"any": ["a:b"], "all": ["a:b"]}]}, "filter[0]"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"some": ["a:b"]}]}, "filter[0].some"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"any": ["a:b"]}] * 33}, "filter"),
    ("POST", "/v1/search", {"item": "a", "filter": [{"none": [f"a:{n}" for n in range(101)]}]}, "filter[0].none"),
    ("POST", "/v1/search", {"vector": [0.1] * 255, "model": MODEL}, "vector"),
    ("POST", "/v1/search", {"vector": [0.0] * 256, "model": MODEL}, "vector"),
    ("POST", "/v1/search", {"vector": [0.1] * 255 + ["x"], "model": MODEL}, "vector[255]"),
    ("POST", "/v1/search", b'{"vector": [NaN], "model": "fake-000000000000-p1"}', "vector[0]"),
    ("POST", "/v1/search", b'{"vector": [1e999], "model": "fake-000000000000-p1"}', "vector[0]"),
    ("POST", "/v1/search", {"vector": [0.1] * 256}, "model"),
    ("POST", "/v1/search", {"vector": [0.1] * 256, "model": "latest"}, "model"),
    ("POST", "/v1/search", {"vector": [0.1] * 256, "model": "other-000000000000-p1"}, "model"),
    ("POST", "/v1/search", {"item": "a", "model": MODEL}, "model"),
    ("POST", "/v1/search", {"text": "red dress"}, "text"),
    ("POST", "/v1/search", {"text": ""}, "text"),
    ("POST", "/v1/search", {"item": "a", "region": {"left": 0, "top": 0, "right": 1, "bottom": 1}}, "region"),
    (
        "POST",
        "/v1/search",
        {"upload": GOOD_UPLOAD, "region": {"left": 0.5, "top": 0, "right": 0.5, "bottom": 1}},
        "region",
    ),
    (
        "POST",
        "/v1/search",
        {"upload": GOOD_UPLOAD, "region": {"left": -0.5, "top": 0, "right": 0.5, "bottom": 1}},
        "region.left",
    ),
    ("POST", "/v1/uploads", {}, "content_type"),
    ("POST", "/v1/uploads", {"content_type": "text/html"}, "content_type"),
    ("POST", "/v1/uploads", {"content_type": "image/jpeg", "data": "aGVsbG8="}, "data"),
    ("PUT", "/v1/items", {"items": []}, "items"),
    ("PUT", "/v1/items", {"items": [ITEM] * 101}, "items"),
    ("PUT", "/v1/items", {"items": [ITEM, {"id": "b"}]}, "items[1].category"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "id": "-"}]}, "items[0].id"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "category": "a,b"}]}, "items[0].category"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "title": "x" * 501}]}, "items[0].title"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "url": "javascript:alert(1)"}]}, "items[0].url"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "photos": []}]}, "items[0].photos"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "labels": ["a:b", "category:hat"]}]}, "items[0].labels"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "labels": ["a:b", "b"]}]}, "items[0].labels[1]"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "attributes": {"Price": 1}}]}, "items[0].attributes"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "attributes": {"price": None}}]}, "items[0].attributes.price"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "attributes": {"price": [1]}}]}, "items[0].attributes.price"),
    ("PUT", "/v1/items", {"items": [{**ITEM, "attributes": {"n": 2**53}}]}, "items[0].attributes.n"),
    (
        "PUT",
        "/v1/items",
        {"items": [{**ITEM, "attributes": {"d": {"date": "31.1.2026"}}}]},
        "items[0].attributes.d.date",
    ),
    ("PUT", "/v1/items", {"items": [{**ITEM, "attributes": {"t": "x" * 1025}}]}, "items[0].attributes.t"),
    ("GET", "/v1/items?limit=0", None, "limit"),
    ("GET", "/v1/items?limit=101", None, "limit"),
    ("GET", "/v1/items?limit=ten", None, "limit"),
    ("GET", "/v1/items?limit=1&limit=2", None, "limit"),
    ("GET", "/v1/items?offset=2", None, "offset"),
    ("GET", "/v1/items?after=%00", None, "after"),
    ("GET", "/v1/items?" + "&".join(f"x{n}=1" for n in range(30)), None, "query"),
    ("GET", "/v1/items/%2e%2e%2fetc", None, "id"),
    ("GET", "/v1/items/" + "x" * 129, None, "id"),
    ("GET", "/v1/uploads/short", None, "id"),
    ("GET", f"/v1/photos/{'A' * 64}/thumbnail", None, "id"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), MALFORMED)
def test_a_malformed_request_is_told_where(stocked: Shop, method: str, path: str, body: Any, field: str) -> None:
    response = stocked.ask(method, path, body)
    assert (response.status, told(response).get("field")) == (422, field), response.body
    assert told(response)["type"] in ("urn:lookalike:problem:invalid-request", "urn:lookalike:problem:version-mismatch")
    assert told(response)["detail"]


def test_an_unknown_facet_is_told(stocked: Shop) -> None:
    response = stocked.ask("POST", "/v1/search", {"item": "red-dress", "filter": [{"any": ["sleeve:long"]}]})
    assert (response.status, told(response)["type"]) == (422, "urn:lookalike:problem:unknown-facet")
    assert told(response)["field"] == "filter"


def test_searching_with_a_bad_photo_says_what_is_wrong_with_it(stocked: Shop) -> None:
    response = stocked.ask("POST", "/v1/search", {"upload": stocked.bring(b"%PDF-1.7 no picture")})
    assert (response.status, told(response)["code"]) == (422, "unsupported_format")


def test_a_model_that_is_full_refuses_early(stocked: Shop) -> None:
    upload = stocked.bring(picture("green"))
    stocked.embedder.refusal = errors.OverloadedError("the model is busy", retry_after=7)
    response = stocked.ask("POST", "/v1/search", {"upload": upload})
    assert (response.status, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("method_path", ["POST /v1/search", "GET /v1/items", "DELETE /v1/items/a", "GET /v1/status"])
def test_without_a_caller_there_is_nothing(stocked: Shop, method_path: str) -> None:
    response = stocked.ask(*method_path.split(), {"item": "red-dress"}, catalogue=None)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Bearer realm="lookalike"')


def test_unknown_paths_and_methods(shop: Shop) -> None:
    for path in ("/", "/v1", "/v1/", "/v1/items/", "/v1/items/a/b", "/v2/items", "//v1/items"):
        assert shop.ask("GET", path).status in (404, 422), path
    response = shop.ask("POST", "/v1/items")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, PATCH, PUT")


def test_a_host_serves_only_what_it_has_services_for(shop: Shop) -> None:
    shop.dispatch = Dispatcher(replace(shop.services, put_items=None, update_items=None, find_similar=None))
    assert shop.ask("POST", "/v1/search", {"item": "a"}).status == 404
    assert shop.ask("PUT", "/v1/items", {"items": [ITEM]}).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert shop.ask("GET", "/v1/items").status == 200


def test_bodies_have_a_type_and_a_limit(shop: Shop) -> None:
    body = {"items": [ITEM]}
    assert shop.ask("PUT", "/v1/items", body, headers={"content-type": "text/plain"}).status == 415
    assert shop.ask("PUT", "/v1/items", body, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 204
    assert shop.ask("POST", "/v1/search", b" " * (64 * 1024 + 1)).status == 413
    assert shop.ask("PUT", "/v1/items", b" " * (1024 * 1024 + 1)).status == 413


def test_answers_of_others_are_understood_too() -> None:
    assert isinstance(error_of(502, b"<html>", None), errors.UnavailableError)
    assert isinstance(error_of(401, b"", None), errors.UnauthenticatedError)
    assert isinstance(error_of(418, b"{}", None), errors.InvalidRequestError)
    busy = error_of(429, b"{}", "12")
    assert isinstance(busy, errors.OverloadedError)
    assert busy.retry_after == 12
    assert [error_of(503, b"", after).retry_after for after in ("soon", "-1", "nan", "inf")] == [1, 1, 1, 3600]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = (
    "upload",
    "item",
    "vector",
    "model",
    "text",
    "region",
    "filter",
    "k",
    "items",
    "content_type",
    "id",
    "labels",
)
SHAPED = st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES, max_size=5)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=JSON_VALUES | SHAPED, route=st.sampled_from(["POST /v1/search", "POST /v1/uploads", "PUT /v1/items"]))
def test_no_json_breaks_a_route(stocked: Shop, body: Any, route: str) -> None:
    response = stocked.ask(*route.split(), json.dumps(body).encode())
    assert response.status in (201, 204, 404, 422), response.body


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.binary(max_size=200),
    path=st.text(max_size=30),
    query=st.text(max_size=30),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "BREW"]),
)
def test_no_bytes_break_the_dispatcher(stocked: Shop, body: bytes, path: str, query: str, method: str) -> None:
    headers = {"content-type": "application/json"}
    for where in (f"/v1/items/{path}", f"/{path}", "/v1/search"):
        response = stocked.dispatch(HttpRequest(method, where, query, headers, body, Caller(SHOP)))
        assert response.status < 500
