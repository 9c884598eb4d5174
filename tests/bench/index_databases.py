# ruff: noqa: PLC0415 - each process loads only the library it measures
# ruff: noqa: ARG002 - one interface for all, and not every library has every knob
# ruff: noqa: S608 - numbers of our own making
"""Databases that hold vectors beside rows, as `index_contenders.Contender`s."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.index_data import DIMENSIONS, Mask, Rows, Vectors
from tests.bench.index_graphs import BUILD_CANDIDATES, LINKS


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
