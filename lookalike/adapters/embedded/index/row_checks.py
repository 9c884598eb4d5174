"""Whether rows still hold the vectors that were written there.

A row's CRC-32 stands beside its item and photo in SQLite and is committed with them, so that whatever a crash
leaves, the sums that are there are right. It covers the row's number, item and photo before its vector: a vector in
another's place is found like one that changed.
"""

import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from lookalike.adapters.embedded.index.vectors import Matrix
from lookalike.domain.embedding import Vector
from lookalike.errors import CatalogueDamagedError

_LOG = logging.getLogger(__name__)
Rows = npt.NDArray[np.int64]
_UNKNOWN: Final = -1
_UNIT_TOLERANCE: Final = 1e-3
_CHUNK: Final = 512  # rows looked at while others wait: some 0.7 ms
_BREATH: Final = 5e-5  # seconds in which a search that waits gets its turn


def row_sum(row: int, item: str, photo: str, vector: Vector) -> int:
    """The CRC-32 of a row: 1.3 µs, half of it for the name."""
    return zlib.crc32(np.ascontiguousarray(vector, "<f4").data, zlib.crc32(f"{row} {item} {photo}".encode()))


class RowChecks:
    """Looks at each row once, when it is first read; by then it has to be what was written.

    A row of a version that kept no sums passes where it holds a unit vector. Any number of threads may ask at once.
    """

    def __init__(
        self, items: Sequence[str | None], photos: Sequence[str | None], vectors: Callable[[], Matrix]
    ) -> None:
        """`items` and `photos`, by row, are the caller's and grow; `vectors` gives the matrix as it is now."""
        self._items = items
        self._photos = photos
        self._vectors = vectors
        self._sums = np.empty(0, np.int64)
        self._seen = np.empty(0, np.bool_)
        self._lock = threading.Lock()
        self.damaged = BitMap()

    def expect(self, sums: Iterable[tuple[int, int | None]], rows: int, *, seen: bool = False) -> None:
        """Take note of rows and their sums, `rows` in all. Those of whom nothing is ever said are not looked at."""
        if rows > len(self._seen):
            more = max(rows, len(self._seen) * 3 // 2) - len(self._seen)
            self._seen = np.append(self._seen, np.ones(more, np.bool_))
            self._sums = np.append(self._sums, np.full(more, _UNKNOWN, np.int64))
        for row, one in sums:
            self._sums[row] = _UNKNOWN if one is None else one
            self._seen[row] = seen

    def require(self, rows: Rows) -> None:
        """Raises `CatalogueDamagedError` where one of the rows is not what was written."""
        self.look(rows)
        if self.damaged and not self.damaged.isdisjoint(BitMap(rows.tolist())):
            raise CatalogueDamagedError("entries of the index do not hold what was written: run `lookalike doctor`")

    def is_sound(self, row: int) -> bool:
        """Whether this row is what was written."""
        self.look(np.array([row]))
        return row not in self.damaged

    def look(self, rows: Rows) -> None:
        """Look at those of the rows that were not looked at yet, and note the damaged ones."""
        new = rows[~self._seen[rows]]
        if not len(new):
            return
        vectors = self._vectors()
        bad = BitMap(row for row in new.tolist() if not self._holds(row, vectors[row]))
        with self._lock:
            if fresh := bad - self.damaged:
                _LOG.error("%d entries of the index are damaged, the first is row %d", len(fresh), fresh.min())
            self.damaged = self.damaged | bad  # a new one: who reads it meanwhile keeps the old
        self._seen[new] = True

    def _holds(self, row: int, vector: Vector) -> bool:
        if self._sums[row] == _UNKNOWN:
            return abs(float(np.linalg.norm(vector.astype(np.float64))) - 1.0) <= _UNIT_TOLERANCE
        return bool(self._sums[row] == row_sum(row, self._items[row] or "", self._photos[row] or "", vector))

    def look_at_all(self, is_stopping: Callable[[], bool]) -> None:
        """Look at every row, letting others have their turn."""
        rows = np.flatnonzero(~self._seen)
        for start in range(0, len(rows), _CHUNK):
            if is_stopping():
                return
            self.look(rows[start : start + _CHUNK])
            time.sleep(_BREATH)

    def missing_sums(self) -> list[tuple[int, int]]:
        """(row, sum) of the rows that were looked at, are sound and have no sum yet."""
        rows = np.flatnonzero((self._sums == _UNKNOWN) & self._seen)
        vectors = self._vectors()
        there = (row for row in rows.tolist() if row < len(self._items) and self._items[row] is not None)
        named = [row for row in there if row not in self.damaged]
        return [(r, row_sum(r, self._items[r] or "", self._photos[r] or "", vectors[r])) for r in named]
