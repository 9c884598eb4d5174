"""One behaviour of a catalogue: in memory, in a folder, and over HTTP from a folder that is served."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
    """Opens at a new place each time."""

    @pytest.fixture(scope="class")
    @classmethod
    def open_catalogue(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Catalogue]]:
        places = (tmp_path_factory.mktemp("shop") for _ in count())
        with ExitStack() as stack:
            yield lambda: stack.enter_context(cls.opened(next(places)))

    @classmethod
    def opened(cls, place: Path) -> AbstractContextManager[Catalogue]:
        raise NotImplementedError


class TestInMemory(_OpenedHere):
    @classmethod
    def opened(cls, place: Path) -> AbstractContextManager[Catalogue]:
        del place
        return connect("memory:")


class TestInAFolder(_OpenedHere):
    @classmethod
    def opened(cls, place: Path) -> AbstractContextManager[Catalogue]:
        return connect(str(place))


class TestServedOverHttp(_OpenedHere):
    @classmethod
    def opened(cls, place: Path) -> AbstractContextManager[Catalogue]:
        return served(place)


@contextmanager
def served(folder: Path) -> Iterator[Catalogue]:
    with open_embedded(folder) as catalogue:
        catalogue.start_workers()
        with serving(site_of(catalogue, TOKEN)) as url, connect(url, token=TOKEN) as client:
            yield client
