"""Methods and request targets beyond the ordinary, over a real socket: RFC 9110 and RFC 9112."""

import http.client
import json
import socket
from dataclasses import replace

import pytest
from browsing import Browse
from fake_shop import picture

from lookalike.contract.asgi import Site
from lookalike.contract.page_files import PAGE_FILES
from lookalike.domain.photo import PhotoId
from tests.serving import serving

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)
READ = ["/v1/items", "/v1/items/red-dress", "/v1/items?limit=1", "/v1/status", "/v1/health", *PAGE_FILES]
PROBLEM = "application/problem+json"


def said(url: str, request: bytes) -> http.client.HTTPResponse:
    """The answer to bytes that no client library would send."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.body = response.read()  # type: ignore[attr-defined]
        return response


def test_head_says_what_get_says_without_a_body(browse: Browse, site: Site) -> None:
    client = browse(site)
    thumbnail = f"/v1/photos/{PhotoId.of(picture('red'))}/thumbnail"
    for path in [*READ, thumbnail, "/v1/items/none", "/v1/items/-", "/v1/nothing"]:
        got, told = client.get(path), client.head(path)
        assert (told.status_code, told.content) == (got.status_code, b""), path
        changing = {"date", "x-request-id", "server-timing"}
        assert {k: v for k, v in told.headers.items() if k not in changing} == {
            k: v for k, v in got.headers.items() if k not in changing
        }, path
        assert int(told.headers["content-length"]) == len(got.content) > 0


def test_head_needs_the_token_that_get_needs(browse: Browse, site: Site) -> None:
    assert browse(replace(site, token=TOKEN)).head("/v1/items").status_code == 401


def test_options_lists_the_methods_of_a_path(browse: Browse, site: Site) -> None:
    client = browse(replace(site, token=TOKEN))
    for path, allowed in {
        "/v1/search": {"POST"},
        "/v1/health": {"GET", "HEAD"},
        "/v1/uploads/x/bytes": {"POST"},
        "/": {"GET", "HEAD"},
        "/app.js": {"GET", "HEAD"},
    }.items():
        told = client.options(path)
        assert (told.status_code, told.content) == (204, b""), path
        assert set(told.headers["allow"].split(", ")) == allowed | {"OPTIONS"}, path
        refused = client.request("BREW", path)
        assert (refused.status_code, refused.headers["content-type"]) == (405, PROBLEM), path
        assert refused.headers["allow"] == told.headers["allow"]
    assert client.options("/v1/nothing").status_code == 404


def test_options_of_the_whole_server(site: Site) -> None:
    with serving(site) as url:
        answer = said(url, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.status == 204
        assert {"GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE"} <= set(answer.headers["Allow"].split(", "))
        assert said(url, b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404


@pytest.mark.parametrize(
    "target",
    [
        "//v1/items",
        "/v1//items",
        "/v1/items/",
        "/v1/items/red-dress/",
        "/v1/./items",
        "/v1/%69tems",
        "/V1/items",
        "/v1/items/a%2Fb",
        "/v1/items/%00",
        "/v1/items/%ff%fe",
        "/v1/items/%zz",
        "/v1/items/%c0%ae%c0%ae",
        "/v1/items/" + "a" * 8000,
        "/app.js/",
        "/;",
        "*",
        "localhost:80",
        "http:",
        "ftp://localhost/v1/items",
    ],
)
def test_an_odd_target_is_a_problem(site: Site, target: str) -> None:
    with serving(site) as url:
        answer = said(url, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1"))
    problem = json.loads(answer.body)  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == PROBLEM
    assert problem["status"] == answer.status
    assert answer.status in (404, 422)
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("host", ["[::1", "a b", "\x7f", "", "]:80", "localhost:99999999"])
def test_an_odd_host_is_no_failure_of_ours(site: Site, host: str) -> None:
    for one in (site, replace(site, token=TOKEN)):
        with serving(one) as url:
            answer = said(url, f"GET /v1/items HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
        assert answer.status < 500


def test_a_target_may_be_a_whole_url_and_names_the_host(site: Site) -> None:
    with serving(site) as url:
        for target, status in {
            "http://localhost/v1/items": 200,
            "HTTP://localhost:80/v1/items?limit=1": 200,
            "http://localhost": 200,
            "http://localhost/v1/nothing": 404,
            "http://evil.example/v1/items": 403,
        }.items():
            answer = said(url, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert answer.status == status, target
