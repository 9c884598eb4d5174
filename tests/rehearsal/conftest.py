"""One rehearsed cloud for all tests of a session; each test has catalogues of its own in it."""

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.rehearsal.servers.opensearch import OpenSearchMissingError
from tests.rehearsal.servers.triton import TritonMissingError
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal, rehearsal

RETRY_AFTER_S = 1
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    # moto leaves the files of the forms that it reads to the garbage collector.
    config.addinivalue_line("filterwarnings", "ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
    # Told to end, it lets go of everything first, as at Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", 128 + signal.SIGTERM))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "whole" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Everything, started once; messages that failed come again after a second rather than after AWS's minutes."""
    with ExitStack() as stack:
        starting = rehearsal(tmp_path_factory.mktemp("whole"), retry_after_s=RETRY_AFTER_S)
        try:
            with warnings.catch_warnings():
                # pulumi_aws tells, once imported, of the resources that it keeps under their old names.
                warnings.simplefilter("ignore", DeprecationWarning)
                started = stack.enter_context(starting)
        except (OpenSearchMissingError, TritonMissingError) as error:
            pytest.skip(str(error))
        yield started


@pytest.fixture
def open_shop(whole: Rehearsal) -> Iterator[Callable[[], Shop]]:
    """Opens a new, empty catalogue."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Shop(whole, f"shop-{next(_numbers)}"))


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    return open_shop()


@pytest.fixture(scope="session")
def pictures() -> list[bytes]:
    """Photos that Lookalike draws itself."""
    from lookalike.sample import draw_catalogue  # noqa: PLC0415 - drawing is for those who ask

    return [garment.photo() for garment in draw_catalogue(16, seed=3)]


@pytest.fixture
def drawn(pictures: list[bytes]) -> list[bytes]:
    """The pictures under hashes of this test's own: functions live from test to test and remember what they saw."""
    return [picture + os.urandom(8) for picture in pictures]  # decoders do not look behind a JPEG's end


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]
