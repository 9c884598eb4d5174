import importlib
import struct
import threading
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from lookalike.adapters.embedded.index.quantise import quantise
from lookalike.adapters.embedded.index.vectors import Matrix
from lookalike.domain.embedding import DIMENSIONS, Vector

Rows = npt.NDArray[np.int64]
# Measured in ADR 0003. Bytes cost no recall, since what the graph answers is compared again in float32.
_LINKS, _BUILD_CANDIDATES = 24, 200
_HEADER: Final = struct.Struct("<8sq")  # what it is, and how many nodes
_MAGIC: Final = b"lkgraph1"


class Graph:
    """An HNSW graph over rows, in memory: finds rows near a vector, most of them, fast. Rows are only ever added.

    One thread at a time is inside, whoever calls: faiss allows no search while something is added. faiss takes
    half a second to load and 65 MB on disk, so it is loaded when the first row comes.
    """

    def __init__(self) -> None:
        self._index: Any = None
        self._rows: Rows = np.empty(0, np.int64)  # by node
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return 0 if self._index is None else int(self._index.ntotal)

    def add(self, rows: Rows, vectors: Matrix) -> None:
        """Link rows [n] with their vectors [n, 256]."""
        codes = quantise(vectors)
        with self._lock:
            if self._index is None:
                self._index = _new_index()
            nodes = len(self)
            if nodes + len(rows) > len(self._rows):
                self._rows = np.resize(self._rows, max(2 * nodes, nodes + len(rows)))
            self._rows[nodes : nodes + len(rows)] = rows
            self._index.add(codes)

    def nearest(self, vector: Vector, count: int) -> Rows:
        """About the `count` rows nearest to `vector`, nearest first; at most as many as there are."""
        if self._index is None:
            return np.empty(0, np.int64)
        parameters = _faiss().SearchParametersHNSW(efSearch=count)
        code = quantise(vector)[None]
        with self._lock:
            nodes = self._index.search(code, count, params=parameters)[1][0]
            found: Rows = self._rows[nodes[nodes >= 0]]
        return found

    def to_bytes(self) -> bytes:
        """All of it, for `from_bytes`."""
        with self._lock:
            nodes = len(self)
            body: bytes = _faiss().serialize_index(self._index or _new_index()).tobytes()
            return _HEADER.pack(_MAGIC, nodes) + self._rows[:nodes].astype("<i8").tobytes() + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Undo `to_bytes`. Raises `ValueError` where that is impossible, as after a change of the library's format."""
        magic, nodes = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise ValueError("not a graph")
        graph = cls()
        graph._rows = np.frombuffer(data, "<i8", nodes, _HEADER.size).astype(np.int64)
        body = np.frombuffer(data, np.uint8, offset=_HEADER.size + graph._rows.nbytes)
        try:
            graph._index = _faiss().deserialize_index(body)
        except RuntimeError as error:
            raise ValueError(f"not a graph of this version of faiss: {error}") from error
        if (graph._index.d, graph._index.ntotal) != (DIMENSIONS, nodes):
            raise ValueError("a graph of other vectors")
        return graph


def _new_index() -> Any:
    faiss = _faiss()
    kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
    index = faiss.IndexHNSWSQ(DIMENSIONS, kind, _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = _BUILD_CANDIDATES
    return index


def _faiss() -> Any:
    return importlib.import_module("faiss")  # when it is needed, see `Graph`; Any, for its stubs are half there
