# ruff: noqa: PLC0415 - each process loads only the library it measures
# ruff: noqa: ARG002 - one interface for all, and not every library has every knob
"""Libraries whose index is a graph in memory, as `index_contenders.Contender`s."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.index_data import DIMENSIONS, Mask, Rows, Vectors

# One setting for all graphs: 24 links a node (48 on the ground layer), 128 candidates while building, one thread.
LINKS, BUILD_CANDIDATES = 24, 128


class Faiss:
    """IndexHNSWFlat, inner product; filters inside the traversal (IDSelectorBitmap). Cannot delete."""

    def __init__(self) -> None:
        import faiss

        self.faiss: Any = faiss
        self.index: Any = None

    def build(self, vectors: Vectors) -> None:
        self.index = self.faiss.IndexHNSWFlat(DIMENSIONS, LINKS, self.faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = BUILD_CANDIDATES
        self.index.add(vectors)

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        params = self.faiss.SearchParametersHNSW(efSearch=candidates)
        return self.index.search(query[None], k, params=params)[1][0]

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        bits = np.packbits(mask, bitorder="little")
        selector = self.faiss.IDSelectorBitmap(bits)
        params = self.faiss.SearchParametersHNSW(efSearch=candidates, sel=selector)
        rows = self.index.search(query[None], k, params=params)[1][0]
        return rows[rows >= 0]

    def add(self, vectors: Vectors, start: int) -> None:
        self.index.add(vectors)

    def delete(self, rows: Rows) -> None:
        raise NotImplementedError("IndexHNSW has no remove_ids; a selector has to hide the rows")

    def save(self, path: Path) -> None:
        self.faiss.write_index(self.index, str(path / "faiss"))

    def load(self, path: Path) -> None:
        self.index = self.faiss.read_index(str(path / "faiss"))


class Usearch:
    """Index by inner product. From Python it takes no filter in the traversal: fetch more, then filter."""

    dtype = "f32"

    def __init__(self) -> None:
        from usearch.index import Index

        self.make = Index
        self.index: Any = None

    def build(self, vectors: Vectors) -> None:
        self.index = self.make(
            ndim=DIMENSIONS,
            metric="ip",
            dtype=self.dtype,
            connectivity=LINKS,
            expansion_add=BUILD_CANDIDATES,
            enable_key_lookups=True,
        )
        self.add(vectors, 0)

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        self.index.expansion_search = candidates
        return self.index.search(query, k, threads=1).keys.astype(np.int64)

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        rows = self.search(query, candidates, candidates)
        return rows[mask[rows]][:k]

    def add(self, vectors: Vectors, start: int) -> None:
        self.index.add(np.arange(start, start + len(vectors)), vectors, threads=1)

    def delete(self, rows: Rows) -> None:
        self.index.remove(rows)

    def save(self, path: Path) -> None:
        self.index.save(str(path / f"usearch-{self.dtype}"))

    def load(self, path: Path) -> None:
        self.index = self.make.restore(str(path / f"usearch-{self.dtype}"), view=False)


class UsearchHalf(Usearch):
    """The same with vectors kept as float16."""

    dtype = "f16"


class UsearchByte(Usearch):
    """The same with int8 of our own scaling, its answers compared again with the float32 vectors kept beside it.

    The library's own int8 uses 16 of 256 steps for unit vectors of 256 dimensions (it scales by 127 what is at most
    0.35), which was measured to cap recall@10 at 0.90.
    """

    dtype = "i8"
    vectors: Vectors

    @staticmethod
    def _bytes(vectors: Vectors) -> npt.NDArray[np.int8]:
        return np.clip(np.rint(vectors * (127 / 0.35)), -127, 127).astype(np.int8)

    def build(self, vectors: Vectors) -> None:
        self.vectors = vectors
        super().build(vectors)

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        rows = super().search(self._bytes(query), candidates, candidates)
        return rows[np.argsort(-(self.vectors[rows] @ query))[:k]]

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        rows = self.search(query, candidates, candidates)
        return rows[mask[rows]][:k]

    def add(self, vectors: Vectors, start: int) -> None:
        super().add(self._bytes(vectors), start)

    def load(self, path: Path) -> None:
        super().load(path)
        self.vectors = np.load(path / "vectors.npy", mmap_mode="r")


class Hnswlib:
    """hnswlib's Index (the maintained wheels of chroma-hnswlib); filters by calling Python for each candidate."""

    def __init__(self) -> None:
        import hnswlib

        self.index: Any = hnswlib.Index("ip", DIMENSIONS)

    def build(self, vectors: Vectors) -> None:
        self.index.init_index(2 * len(vectors), M=LINKS, ef_construction=BUILD_CANDIDATES)
        self.add(vectors, 0)

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        self.index.set_ef(candidates)
        return self.index.knn_query(query, k=k, num_threads=1)[0][0].astype(np.int64)

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        self.index.set_ef(candidates)
        try:
            found = self.index.knn_query(query, k=k, num_threads=1, filter=mask.__getitem__)
        except RuntimeError:  # "Cannot return the results in a contiguous 2D array": fewer than k were met
            return np.empty(0, np.int64)
        return found[0][0].astype(np.int64)

    def add(self, vectors: Vectors, start: int) -> None:
        self.index.add_items(vectors, np.arange(start, start + len(vectors)), num_threads=1)

    def delete(self, rows: Rows) -> None:
        for row in rows.tolist():
            self.index.mark_deleted(row)

    def save(self, path: Path) -> None:
        self.index.save_index(str(path / "hnswlib"))

    def load(self, path: Path) -> None:
        self.index.load_index(str(path / "hnswlib"))
