"""One behaviour of a catalogue: in memory, in a folder, and over HTTP from a folder that is served."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from lookalike.cli.site import site_of
from lookalike.connect import connect
from lookalike.embedded import open_embedded
from lookalike.ports.catalogue import Catalogue
from tests.contract.catalogue_behaviour import CatalogueBehaviour
from tests.serving import serving

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)


class _OpenedHere(CatalogueBehaviour):
    """Opens with `connect`, at a new place each time."""

    @pytest.fixture
    def open_catalogue(self, tmp_path: Path) -> Iterator[Callable[[], Catalogue]]:
        numbers = count(1)
        with ExitStack() as stack:
            yield lambda: stack.enter_context(self.opened(tmp_path / f"shop-{next(numbers)}"))

    def opened(self, place: Path) -> Catalogue:
        raise NotImplementedError


class TestInMemory(_OpenedHere):
    def opened(self, place: Path) -> Catalogue:
        del place
        return connect("memory:")


class TestInAFolder(_OpenedHere):
    def opened(self, place: Path) -> Catalogue:
        return connect(str(place))


class TestServedOverHttp(CatalogueBehaviour):
    @pytest.fixture
    def open_catalogue(self, tmp_path: Path) -> Iterator[Callable[[], Catalogue]]:
        numbers = count(1)
        with ExitStack() as stack:
            yield lambda: stack.enter_context(served(tmp_path / f"shop-{next(numbers)}"))


@contextmanager
def served(folder: Path) -> Iterator[Catalogue]:
    with open_embedded(folder) as catalogue:
        catalogue.start_workers()
        with serving(site_of(catalogue, TOKEN)) as url, connect(url, token=TOKEN) as client:
            yield client
