"""What the SDK makes of servers that are busy, broken or no Lookalikes."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from lookalike import errors
from lookalike.client import HttpCatalogue
from lookalike.client.transport import _PASSING, _pause

Answer = tuple[int, dict[str, str], bytes]
HEALTHY = b'{"catalogue":"shop","items":0,"photos":0,"uploads":{},"generations":[],"bytes_on_disk":0,"newer":1}'
BUSY = b'{"type":"urn:lookalike:problem:overloaded","title":"t","status":429,"detail":"too busy"}'


@pytest.fixture
def scripted() -> Iterator[Callable[[list[Answer]], tuple[str, list[str]]]]:
    """A server that answers as it is told, and which requests it got."""
    servers: list[HTTPServer] = []

    def serve(answers: list[Answer]) -> tuple[str, list[str]]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"{self.path} {self.headers.get('Authorization')}")
                status, headers, body = answers.pop(0)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                del args

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/shop", asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.usefixtures("impatient")
def test_a_busy_server_is_asked_again(scripted: Callable[[list[Answer]], tuple[str, list[str]]]) -> None:
    url, asked = scripted([(429, {"Retry-After": "1"}, BUSY), (502, {}, b"<html>"), (200, {}, HEALTHY)])
    with HttpCatalogue(url, "secret") as catalogue:
        assert catalogue.status().catalogue == "shop"
    assert asked == ["/shop/v1/status Bearer secret"] * 3


@pytest.mark.usefixtures("impatient")
def test_patience_ends(scripted: Callable[[list[Answer]], tuple[str, list[str]]]) -> None:
    url, asked = scripted([(429, {"Retry-After": "1"}, BUSY)] * 3)
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.OverloadedError, match="too busy"):
        catalogue.status()
    assert len(asked) == 3


@pytest.mark.usefixtures("impatient")
def test_what_is_our_fault_is_not_tried_again(scripted: Callable[[list[Answer]], tuple[str, list[str]]]) -> None:
    url, asked = scripted([(403, {}, b"")])
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.ForbiddenError):
        catalogue.status()
    assert len(asked) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"{}", b"[]", b""])
def test_another_kind_of_server_is_recognised(
    scripted: Callable[[list[Answer]], tuple[str, list[str]]], body: bytes
) -> None:
    url, _ = scripted([(200, {}, body)])
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.InvalidRequestError, match="as a Lookalike"):
        catalogue.status()


@pytest.mark.usefixtures("impatient")
def test_nobody_there() -> None:
    with (
        HttpCatalogue("http://127.0.0.1:1") as catalogue,
        pytest.raises(errors.UnavailableError, match="does not answer"),
    ):
        catalogue.status()


@pytest.mark.parametrize("url", ["ftp://host", "host:80", "http://", "", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="catalogue"):
        HttpCatalogue(url)


def test_how_long_to_wait() -> None:
    assert _pause(errors.OverloadedError("busy", retry_after=7)) == 7
    assert _pause(errors.UnavailableError("down", retry_after=3600)) is False
    assert _pause(errors.NotFoundError("gone")) is False
    assert all(_pause(kind("lost")) is True for kind in _PASSING)
    assert _pause(httpx.UnsupportedProtocol("no")) is False
