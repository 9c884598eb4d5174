import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image, ImageDraw

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.site import site_of
from lookalike.client import HttpCatalogue
from lookalike.client.retry import Timing
from lookalike.embedded import EmbeddedCatalogue
from lookalike.testing import FakeEmbedder
from tests.serving import serving

Draw = Callable[[str], bytes]


@pytest.fixture
def draw() -> Draw:
    """Draws a PNG of a shape in a colour."""

    def picture(colour: str) -> bytes:
        image = Image.new("RGB", (80, 80), "white")
        ImageDraw.Draw(image).ellipse((10, 10, 70, 70), fill=colour)
        file = io.BytesIO()
        image.save(file, "PNG")
        return file.getvalue()

    return picture


@pytest.fixture
def near() -> Iterator[EmbeddedCatalogue]:
    """A catalogue in this process, at work on what comes in."""
    with EmbeddedCatalogue(open_stores(None), FakeEmbedder()) as catalogue:
        catalogue.start_workers()
        yield catalogue


@pytest.fixture
def reach(near: EmbeddedCatalogue) -> Iterator[Callable[[str | None, str | None], HttpCatalogue]]:
    """Connects to `near` over HTTP: `reach(token of the server, token of the client)`."""
    with ExitStack() as stack:

        def connect(theirs: str | None, ours: str | None) -> HttpCatalogue:
            url = stack.enter_context(serving(site_of(near, theirs)))
            return stack.enter_context(HttpCatalogue(url, ours))

        yield connect


@pytest.fixture
def far(reach: Callable[[str | None, str | None], HttpCatalogue]) -> HttpCatalogue:
    """The same catalogue over HTTP."""
    return reach(None, None)


@contextmanager
def closing_server(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with server:
        yield server
        server.shutdown()
    thread.join()


@dataclass
class Waits:
    """A clock that only sleeping moves on, and how long each sleep was to be."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, self.sleep, lambda: 0.5)


@pytest.fixture
def waits() -> Waits:
    """Pauses that take no time."""
    return Waits()


Answer = tuple[int, dict[str, str], bytes]
Script = Callable[[Any], None]  # does with the request's handler what it likes
Serve = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def scripted() -> Iterator[Serve]:
    """A server that answers as it is told, one after the other, the last one again and again; and what it was asked."""
    with ExitStack() as stack:

        def serve(*answers: Answer | Script) -> tuple[str, list[str]]:
            asked: list[str] = []
            left = list(answers)
            lock = threading.Lock()

            def handle(handler: BaseHTTPRequestHandler) -> None:
                length = int(handler.headers.get("Content-Length", 0))
                while length > 0 and (chunk := handler.rfile.read(min(length, 65536))):
                    length -= len(chunk)
                with lock:
                    asked.append(f"{handler.command} {handler.path} {handler.headers.get('Authorization')}")
                    answer = left.pop(0) if len(left) > 1 else left[0]
                if callable(answer):
                    handler.close_connection = True
                    answer(handler)
                    return
                status, headers, body = answer
                handler.send_response_only(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    for one in value.split("\n"):
                        handler.send_header(name, one)
                handler.end_headers()
                handler.wfile.write(body)

            class Handler(BaseHTTPRequestHandler):
                do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle  # noqa: N815 (so the library calls them)

                def log_message(self, *args: object) -> None:
                    del args

            class Server(ThreadingHTTPServer):
                request_queue_size = 512

                def handle_error(self, request: object, client_address: object) -> None:
                    del request, client_address  # clients that go away are what these tests are about

            server = stack.enter_context(closing_server(Server(("127.0.0.1", 0), Handler)))
            return f"http://127.0.0.1:{server.server_port}/shop", asked

        yield serve
