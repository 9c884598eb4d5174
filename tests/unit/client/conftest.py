import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import stamina
from PIL import Image, ImageDraw

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.site import site_of
from lookalike.client import HttpCatalogue
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


@pytest.fixture
def impatient() -> Iterator[None]:
    """Three tries, without pauses."""
    with stamina.set_testing(True, attempts=3):
        yield
