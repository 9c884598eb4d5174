"""In the rehearsed cloud a catalogue does what it does in memory."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from lookalike.connect import connect
from lookalike.ports.catalogue import Catalogue
from tests.contract.catalogue_behaviour import CatalogueBehaviour
from tests.rehearsal.whole import Rehearsal

_numbers = count(1)


class TestInTheCloud(CatalogueBehaviour):
    @pytest.fixture(scope="class")
    @classmethod
    def open_catalogue(cls, whole: Rehearsal) -> Iterator[Callable[[], Catalogue]]:
        with ExitStack() as stack:

            def opened() -> Catalogue:
                token = whole.cloud.issuer.token(f"catalogue-{next(_numbers)}")
                return stack.enter_context(connect(whole.cloud.url, token=token))

            yield opened
