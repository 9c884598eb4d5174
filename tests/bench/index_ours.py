"""Our own embedded index behind the same interface, through its port and with everything that it does besides."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from tests.bench.index_data import Chosen, Dataset, Rows, Vectors

SHOP, MODEL, BATCH = CatalogueId("bench"), ModelVersion("bench-000000000000-p1"), 500
_NO_FILTER = Filter()


class BenchClock:
    """Time does not matter here."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


class Lookalike:
    """Row n is photo n of item n, with its category and shares as labels; the folder is made anew when building."""

    def __init__(self) -> None:
        self.database: Database | None = None

    def open(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "catalogue.sqlite3")
        self.index = EmbeddedVectorIndex(self.database, folder / "index", BenchClock())

    def close(self) -> None:
        if self.database is not None:
            self.index.close()
            self.database.close()

    def build(self, data: Dataset, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.open(folder)
        for batch in _batches(data):
            self.index.upsert_many(SHOP, batch)

    def search(self, query: Vectors, k: int, chosen: Chosen | None = None) -> Rows:
        only = Filter.of(any_of=chosen.any_of, all_of=chosen.all_of) if chosen else _NO_FILTER
        ((*hits,),) = self.index.search_many(SHOP, [VectorQuery(Embedding(query, MODEL), only, k)])
        return np.array([int(hit.item[1:]) for hit in hits], np.int64)

    def add(self, vector: Vectors, row: int) -> None:
        self.index.upsert_many(SHOP, [_entry(row, vector, frozenset())])

    def delete(self, row: int) -> None:
        self.index.remove_items(SHOP, [ItemId(f"r{row}")])


def _batches(data: Dataset) -> Iterator[list[IndexEntry]]:
    labels = [Label.parse(text) for text in data.labels]
    own = [frozenset(labels[i] for i in np.flatnonzero(column)) for column in data.has.T]
    for start in range(0, len(data.vectors), BATCH):
        rows = range(start, min(start + BATCH, len(data.vectors)))
        yield [_entry(row, data.vectors[row], own[row]) for row in rows]


def _entry(row: int, vector: Vectors, labels: frozenset[Label]) -> IndexEntry:
    photo = PhotoId(sha256(b"%d" % row).hexdigest())
    return IndexEntry(ItemId(f"r{row}"), photo, labels, Embedding(vector, MODEL))
