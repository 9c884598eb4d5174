"""One rehearsed cloud for all tests of a session; each test has catalogues of its own in it."""

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from inference.serving.repositories import cpu_spec, with_imports_aside
from inference.serving.spec import ModelSpec
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.model_file import find_model
from tests.rehearsal.checker import drained, inferences
from tests.rehearsal.servers.opensearch import OpenSearchMissingError
from tests.rehearsal.servers.triton import TritonMissingError
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal, rehearsal
from tests.rehearsal.wired import QUICK, Wired, wired

RETRY_AFTER_S = 1
LIMIT_S = 300
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
            own = item.get_closest_marker("timeout")
            # Servers have limits of their own to start within, which on a busy machine may take minutes.
            limit = pytest.mark.timeout(own.args[0] if own else LIMIT_S, func_only=True)
            item.add_marker(limit, append=False)


def models() -> tuple[ModelSpec, ModelSpec]:
    """The model as a small machine serves it, but imports give way to nobody: beside other work they would starve."""
    searches, imports = with_imports_aside(cpu_spec(OnnxEmbedder(find_model(), threads=1).facts))
    return searches, replace(imports, warm_up=(1,), parameters={**imports.parameters, "gives_way": "false"})


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Everything, started once; messages that failed come again after a second rather than after AWS's minutes."""
    with ExitStack() as stack:
        starting = rehearsal(tmp_path_factory.mktemp("whole"), *models(), retry_after_s=RETRY_AFTER_S)
        try:
            with warnings.catch_warnings():
                # pulumi_aws tells, once imported, of the resources that it keeps under their old names.
                warnings.simplefilter("ignore", DeprecationWarning)
                started = stack.enter_context(starting)
        except (OpenSearchMissingError, TritonMissingError) as error:
            pytest.skip(str(error))
        yield started


@pytest.fixture(scope="session")
def patient(whole: Rehearsal) -> Iterator[Wired]:
    """A cloud whose messages outlast the restart of a server, as AWS's five tries do in minutes: two seconds apart."""
    overrides = {name: {**how, "max_receives": 200} for name, how in QUICK.items()}
    with wired(whole, overrides=overrides, retry_after_s=2) as made:
        yield made


@pytest.fixture
def open_shop(whole: Rehearsal) -> Iterator[Callable[[], Shop]]:
    """Opens a new, empty catalogue."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Shop(whole, f"shop-{next(_numbers)}"))


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    return open_shop()


@pytest.fixture
def metered(open_shop: Callable[[], Shop], drawn: list[bytes]) -> None:
    """Triton's count counts: a fresh photo that is brought in raises it by one, one that is searched with by another.

    Else a count that watches the wrong model would pass for work that was saved.
    """
    shop = open_shop()
    before = inferences(shop.whole)
    shop.put_item("item")
    shop.settled(shop.offer(drawn[-1], "item"))
    drained(shop.whole)
    assert inferences(shop.whole) - before == 1, "an import is not counted"
    asked_with = shop.offer(drawn[-2])
    shop.settled(asked_with)
    assert shop.search(upload=asked_with).status_code == 200
    assert inferences(shop.whole) - before == 2, "a search is not counted"


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
