# ruff: noqa: PLC0415 - each process loads only the library it measures
# ruff: noqa: ARG002 - one interface for all, and not every library has every knob
# ruff: noqa: S608 - numbers of our own making
"""The libraries compared, each behind one small interface, so that all are measured by the same code.

Each import is made where it is used: the bake-off loads one library a process and weighs it.
"""

import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tests.bench.index_data import DIMENSIONS, Mask, Rows, Vectors

# One setting for all graphs: 24 links a node (48 on the ground layer), 128 candidates while building, one thread.
LINKS, BUILD_CANDIDATES = 24, 128


class Contender(Protocol):
    """One library. Rows are numbered 0..n-1 in the order they were added."""

    def build(self, vectors: Vectors) -> None: ...
    def search(self, query: Vectors, k: int, candidates: int) -> Rows: ...
    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows: ...
    def add(self, vectors: Vectors, start: int) -> None: ...
    def delete(self, rows: Rows) -> None: ...
    def save(self, path: Path) -> None: ...
    def load(self, path: Path) -> None: ...


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


class Lance:
    """LanceDB table with IVF_HNSW_SQ, refined by the stored vectors; the filter is SQL, applied before the search."""

    def __init__(self) -> None:
        import lancedb

        self.module: Any = lancedb
        self.table: Any = None

    def build(self, vectors: Vectors) -> None:
        import tempfile

        self.folder = Path(tempfile.mkdtemp())
        self.table = self.module.connect(self.folder).create_table("t", self._rows(vectors, 0))
        self.table.create_index(
            metric="dot",
            vector_column_name="v",
            index_type="IVF_HNSW_SQ",
            num_partitions=1,
            m=LINKS,
            ef_construction=BUILD_CANDIDATES,
        )
        self.table.create_scalar_index("row")

    def _rows(self, vectors: Vectors, start: int) -> Any:
        import pyarrow as pa

        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSIONS)
        return pa.table({"row": np.arange(start, start + len(vectors)), "v": column})

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        return self._run(self.table.search(query), k, candidates)

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        rows = ",".join(map(str, np.flatnonzero(mask).tolist()))
        return self._run(self.table.search(query).where(f"row IN ({rows})", prefilter=True), k, candidates)

    def _run(self, query: Any, k: int, candidates: int) -> Rows:
        query = query.distance_type("dot").select(["row"]).ef(max(candidates, 2 * k)).refine_factor(2)
        found = query.limit(k).to_arrow()
        return found["row"].to_numpy().astype(np.int64)

    def add(self, vectors: Vectors, start: int) -> None:
        self.table.add(self._rows(vectors, start))

    def delete(self, rows: Rows) -> None:
        self.table.delete(f"row IN ({','.join(map(str, rows.tolist()))})")

    def save(self, path: Path) -> None:
        import shutil

        shutil.move(self.folder, path / "lance")

    def load(self, path: Path) -> None:
        self.table = self.module.connect(path / "lance").open_table("t")


class SqliteVec:
    """sqlite-vec's vec0 table: exact, inside SQLite.

    Through apsw, since many builds of Python (pyenv's, macOS's own) have a sqlite3 that loads no extensions.
    """

    def __init__(self) -> None:
        import apsw
        import sqlite_vec

        self.apsw: Any = apsw
        self.extension = sqlite_vec.loadable_path()
        self._connect(":memory:")

    def _connect(self, path: str) -> None:
        self.db: Any = self.apsw.Connection(path)
        self.db.enable_load_extension(True)
        self.db.load_extension(self.extension)

    def build(self, vectors: Vectors) -> None:
        self.db.execute(f"CREATE VIRTUAL TABLE t USING vec0(v float[{DIMENSIONS}] distance_metric=cosine)")
        self.add(vectors, 0)

    def search(self, query: Vectors, k: int, candidates: int) -> Rows:
        sql = "SELECT rowid FROM t WHERE v MATCH ? AND k = ? ORDER BY distance"
        return np.array([row for (row,) in self.db.execute(sql, (query.tobytes(), k))], np.int64)

    def search_among(self, query: Vectors, k: int, candidates: int, mask: Mask) -> Rows:
        among = "rowid IN (SELECT value FROM json_each(?))"
        sql = f"SELECT rowid FROM t WHERE v MATCH ? AND k = ? AND {among} ORDER BY distance"
        wanted = json.dumps(np.flatnonzero(mask).tolist())
        return np.array([row for (row,) in self.db.execute(sql, (query.tobytes(), k, wanted))], np.int64)

    def add(self, vectors: Vectors, start: int) -> None:
        rows = ((start + i, vector.tobytes()) for i, vector in enumerate(vectors))
        with self.db:
            self.db.executemany("INSERT INTO t(rowid, v) VALUES (?, ?)", rows)

    def delete(self, rows: Rows) -> None:
        with self.db:
            self.db.executemany("DELETE FROM t WHERE rowid = ?", ((row,) for row in rows.tolist()))

    def save(self, path: Path) -> None:
        (path / "sqlite-vec.db").unlink(missing_ok=True)
        self.db.execute("VACUUM INTO ?", (str(path / "sqlite-vec.db"),))

    def load(self, path: Path) -> None:
        self._connect(str(path / "sqlite-vec.db"))


CONTENDERS: dict[str, type[Contender]] = {
    "faiss-cpu": Faiss,
    "usearch f32": Usearch,
    "usearch f16": UsearchHalf,
    "usearch i8": UsearchByte,
    "hnswlib": Hnswlib,
    "lancedb": Lance,
    "sqlite-vec": SqliteVec,
}
