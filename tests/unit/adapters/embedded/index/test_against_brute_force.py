"""Whatever is done in whatever order, the index answers as comparing with every entry would."""

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.embedding import DIMENSIONS, Embedding
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.item import Item
from lookalike.domain.label import Label
from lookalike.errors import UnknownFacetError
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing import FixedClock, InMemoryVectorIndex
from lookalike.testing.examples import MODEL, SHOP, item_id, photo_id

LABELS = [Label("colour", value) for value in ("red", "green", "blue")] + [Label("size", "s"), Label("size", "m")]
numbers = st.integers(0, 11)
label_sets = st.frozensets(st.sampled_from(LABELS), max_size=4)
clauses = st.builds(LabelClause, st.sampled_from(Match), st.frozensets(st.sampled_from(LABELS), min_size=1, max_size=3))
filters = st.builds(Filter, st.lists(clauses, max_size=3).map(tuple))
TUNINGS = [Tuning(), Tuning(least_graph=1, row_cost=1e6, worth_saving=1, least_unsaved=5, least_fetch=4)]


def vector(number: int) -> Embedding:
    """One of few vectors, so that equal scores are common; whole numbers, so that they are equal in any arithmetic."""
    values = np.zeros(DIMENSIONS, np.float32)
    values[[number, number + 12, 24 + number % 3, 27 + number % 2]] = 1.0
    return Embedding(values, MODEL)


entries = st.builds(
    lambda item, photo, labels, look: IndexEntry(item_id(item), photo_id(photo), labels, vector(look)),
    numbers,
    numbers,
    label_sets,
    numbers,
)


class Twins(RuleBasedStateMachine):
    """The index and the fake that compares with every entry, told the same."""

    @initialize(tuning=st.sampled_from(TUNINGS), on_disk=st.booleans())
    def begin(self, tuning: Tuning, *, on_disk: bool) -> None:
        self.stack = ExitStack()
        self.open = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) if on_disk else None
        self.tuning = tuning
        self.fake = InMemoryVectorIndex()
        self.start()

    def start(self) -> None:
        path = self.folder / "catalogue.sqlite3" if self.folder else None
        database = self.open.enter_context(closing(Database(path)))
        made = EmbeddedVectorIndex(database, self.folder / "index" if self.folder else None, FixedClock(), self.tuning)
        self.index = self.open.enter_context(closing(made))

    @rule(given=st.lists(entries, max_size=12))
    def upsert(self, given: list[IndexEntry]) -> None:
        self.index.upsert_many(SHOP, given)
        self.fake.upsert_many(SHOP, given)

    @rule(item=numbers, labels=label_sets, category=st.sampled_from(["dress", "skirt"]))
    def relabel(self, item: int, labels: frozenset[Label], category: str) -> None:
        items = [Item(item_id(item), category, labels=labels)]
        self.index.relabel_many(SHOP, items)
        self.fake.relabel_many(SHOP, items)

    @rule(items=st.lists(numbers, max_size=4))
    def remove(self, items: list[int]) -> None:
        self.index.remove_items(SHOP, [item_id(n) for n in items])
        self.fake.remove_items(SHOP, [item_id(n) for n in items])

    @rule()
    def reopen(self) -> None:
        if self.folder:
            self.open.close()
            self.start()

    @rule(look=numbers, only=filters, k=st.integers(1, 15), excluded=st.frozensets(numbers, max_size=3))
    def search(self, look: int, only: Filter, k: int, excluded: frozenset[int]) -> None:
        query = VectorQuery(vector(look), only, k, frozenset(map(item_id, excluded)))
        try:
            expected = self.fake.search_many(SHOP, [query])
        except UnknownFacetError:
            expected = None
        for search in (self.index.search_many, self.index.search_exactly):
            try:
                found = search(SHOP, [query])
            except UnknownFacetError:
                found = None
            assert found == expected

    @rule(photos=st.lists(numbers, max_size=5))
    def find_embeddings(self, photos: list[int]) -> None:
        wanted = [photo_id(n) for n in photos]
        assert set(self.index.find_embeddings(SHOP, MODEL, wanted)) == set(
            self.fake.find_embeddings(SHOP, MODEL, wanted)
        )

    @invariant()
    def counts_agree(self) -> None:
        assert [g.entries for g in self.index.generations(SHOP)] == [g.entries for g in self.fake.generations(SHOP)]

    def teardown(self) -> None:
        self.open.close()
        self.stack.close()


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
