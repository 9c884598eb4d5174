"""The libraries compared, each behind one small interface, so that all are measured by the same code.

Each import is made where it is used: the bake-off loads one library a process and weighs it.
"""

from pathlib import Path
from typing import Protocol

from tests.bench.index_data import Mask, Rows, Vectors
from tests.bench.index_databases import Lance, SqliteVec
from tests.bench.index_graphs import Faiss, Hnswlib, Usearch, UsearchByte, UsearchHalf


class Contender(Protocol):
    """One library. Rows are numbered 0..n-1 in the order they were added."""

    def build(self, vectors: Vectors) -> None: ...
    def search(self, query: Vectors, k: int, candidates: int) -> Rows: ...
    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows: ...
    def add(self, vectors: Vectors, start: int) -> None: ...
    def delete(self, rows: Rows) -> None: ...
    def save(self, path: Path) -> None: ...
    def load(self, path: Path) -> None: ...


CONTENDERS: dict[str, type[Contender]] = {
    "faiss-cpu": Faiss,
    "usearch f32": Usearch,
    "usearch f16": UsearchHalf,
    "usearch i8": UsearchByte,
    "hnswlib": Hnswlib,
    "lancedb": Lance,
    "sqlite-vec": SqliteVec,
}
