import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import stamina
from PIL import Image, ImageDraw

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.site import site_of
from lookalike.client import HttpCatalogue
from lookalike.contract.asgi import Site
from lookalike.contract.serve import Server
from lookalike.embedded import EmbeddedCatalogue
from lookalike.testing import FakeEmbedder

Draw = Callable[[str], bytes]


@contextmanager
def serving(site: Site) -> Iterator[str]:
    started = threading.Event()
    server = Server(site, started.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert started.wait(30)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


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


@pytest.fixture
def impatient() -> Iterator[None]:
    """Three tries, without pauses."""
    with stamina.set_testing(True, attempts=3):
        yield
