"""A shop over fakes, and clients of a real server of it."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from browsing import NO_TLS, Browse
from fake_shop import SHOP, Shop, picture

from lookalike.contract.asgi import Site
from lookalike.contract.page import find_page
from lookalike.contract.upload_endpoint import UploadDoor
from tests.serving import serving


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.sell("red-dress", picture("red"), "colour:red")
    shop.sell("blue-dress", picture("blue"), "colour:blue")
    shop.sell("red-shirt", picture("darkred", "rectangle"), "colour:red", category="shirt")
    return shop


@pytest.fixture
def site(stocked: Shop) -> Site:
    door = UploadDoor(stocked.photos.forms, stocked.receive, stocked.clock)
    return Site(services=stocked.services, catalogue=SHOP, uploads=door, page=find_page())


@pytest.fixture
def browse() -> Iterator[Browse]:
    """Gives clients of real servers: `browse(site, **headers)`."""
    with ExitStack() as stack:

        def open_client(site: Site, **headers: str) -> httpx.Client:
            url = stack.enter_context(serving(site))
            return stack.enter_context(httpx.Client(base_url=url, headers=headers, timeout=30, **NO_TLS))

        yield open_client
