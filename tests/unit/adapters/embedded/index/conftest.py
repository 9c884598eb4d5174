from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.testing import FixedClock

OpenIndex = Callable[..., EmbeddedVectorIndex]


@pytest.fixture
def open_index(tmp_path: Path) -> Iterator[OpenIndex]:
    """Opens the index in one folder; opening it anew closes the one before."""
    stack = ExitStack()

    def open_it(tuning: Tuning | None = None, *, read_only: bool = False) -> EmbeddedVectorIndex:
        stack.close()
        database = stack.enter_context(closing(Database(tmp_path / "catalogue.sqlite3", read_only=read_only)))
        index = EmbeddedVectorIndex(database, tmp_path / "index", FixedClock(), tuning)
        return stack.enter_context(closing(index))

    yield open_it
    stack.close()
