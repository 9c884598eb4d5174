import threading
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import onnxruntime  # noqa: F401 (usearch 2.26.6 loaded first makes loading onnxruntime 1.31.1 crash the process)
from usearch.index import Index

from lookalike.adapters.embedded.index.quantise import quantise
from lookalike.adapters.embedded.index.vectors import Matrix
from lookalike.domain.embedding import DIMENSIONS, Vector

Rows = npt.NDArray[np.int64]
# Measured in ADR 0003. Bytes cost no recall, since what the graph answers is compared again in float32.
_SETTINGS: Final[dict[str, Any]] = {
    "ndim": DIMENSIONS,
    "metric": "ip",
    "dtype": "i8",
    "connectivity": 24,
    "expansion_add": 128,
    "enable_key_lookups": False,
}


class Graph:
    """An HNSW graph over rows, in memory: finds rows near a vector, most of them, fast. Rows are only ever added.

    One thread at a time is inside, whoever calls: nodes that were added concurrently can end up unreachable
    (https://github.com/unum-cloud/USearch/issues/735).
    """

    def __init__(self) -> None:
        # Any: the library's stubs call `expansion_search` read-only, its setter notwithstanding.
        self._index: Any = Index(**_SETTINGS)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._index)

    def add(self, rows: Rows, vectors: Matrix) -> None:
        """Link rows [n] with their vectors [n, 256]."""
        codes = quantise(vectors)
        with self._lock:
            self._index.add(rows.astype(np.uint64), codes, threads=1)

    def nearest(self, vector: Vector, count: int) -> Rows:
        """About the `count` rows nearest to `vector`, nearest first."""
        code = quantise(vector)
        with self._lock:
            self._index.expansion_search = count
            keys: npt.NDArray[np.uint64] = self._index.search(code, count, threads=1).keys
        return keys.astype(np.int64)

    def save(self, path: Path) -> None:
        """Write it to `path`."""
        with self._lock:
            self._index.save(str(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises `ValueError` where it is of another kind or cannot be read."""
        graph = cls()
        try:
            graph._index.load(str(path))
        except Exception as error:  # the library raises whatever its C++ threw
            raise ValueError(f"{path} is not a graph: {error}") from error
        if graph._index.ndim != DIMENSIONS:
            raise ValueError(f"{path} is a graph of {graph._index.ndim} dimensions")
        return graph
