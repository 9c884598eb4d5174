import mmap
import os
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from lookalike.adapters.embedded.durable_file import reported
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import CatalogueDamagedError

Matrix = npt.NDArray[np.float32]
_ROW_BYTES: Final = 4 * DIMENSIONS
_LEAST_GROWTH, _MOST_GROWTH = 1_024, 65_536  # rows: 1 MiB, 64 MiB
_ZEROS: Final = bytes(1_024 * _ROW_BYTES)


VECTORS: Final = "vectors.f32"


def fill_up(path: Path, rows: int, *, write: bool) -> int:
    """How many of `rows` are missing from a file, or all with it; if `write`, as many rows of zeros are appended."""
    with reported(path):
        missing = max(0, rows - (path.stat().st_size // _ROW_BYTES if path.exists() else 0))
        if missing and write:
            with path.open("ab") as file:
                file.truncate((rows - missing) * _ROW_BYTES)
                for _ in range(missing):
                    file.write(_ZEROS[:_ROW_BYTES])
                file.flush()
                os.fsync(file.fileno())
    return missing


class VectorFile:
    """Vectors by row, float32 [capacity, 256]: a little-endian file that is mapped, or memory where `path` is None.

    Rows that were flushed survive kill -9 and loss of power. The file only grows, and arrays handed out before
    it did stay valid, so that searches go on meanwhile.
    """

    def __init__(self, path: Path | None, *, rows: int, read_only: bool = False) -> None:
        """Open or create. Raises `CatalogueDamagedError` where the file holds fewer than `rows`."""
        self._path = path
        self._file: BinaryIO | None = None
        self._map: mmap.mmap | None = None
        self.array: Matrix = np.empty((0, DIMENSIONS), np.float32)
        if path is not None and (rows or not read_only):
            self._open(path, rows, "rb" if read_only else "r+b")

    def _open(self, path: Path, rows: int, mode: str) -> None:
        if rows and not path.exists():
            raise CatalogueDamagedError(f"{path} is missing")
        with reported(path):
            if mode != "rb":
                path.touch()
            size = path.stat().st_size
            if size < rows * _ROW_BYTES:
                raise CatalogueDamagedError(f"{path} holds {size // _ROW_BYTES} vectors where {rows} were recorded")
            self._file = path.open(mode)  # type: ignore[assignment]  # mode is one of two binary ones
        self._remap(size // _ROW_BYTES, mmap.ACCESS_READ if mode == "rb" else mmap.ACCESS_WRITE)

    def write(self, start: int, vectors: Matrix) -> None:
        """Put `vectors` [n, 256] at rows start … start + n and wait until they are safe.

        Raises `UnavailableError` where the disk is full or fails; rows before `start` are never touched.
        """
        end = start + len(vectors)
        if end > len(self.array):
            self._grow(end)
        self.array[start:end] = vectors
        self._flush(start, end)

    def _grow(self, rows: int) -> None:
        capacity = max(rows, len(self.array) + min(max(len(self.array) // 2, _LEAST_GROWTH), _MOST_GROWTH))
        if self._path is None:
            grown = np.zeros((capacity, DIMENSIONS), np.float32)
            grown[: len(self.array)] = self.array
            self.array = grown
            return
        with reported(self._path):
            self._extend(capacity * _ROW_BYTES)
            self._remap(capacity, mmap.ACCESS_WRITE)

    def _extend(self, size: int) -> None:
        # Zeros are really written: in a sparse file a full disk would strike later, as a fatal signal while mapped.
        file = self._file
        assert file is not None  # noqa: S101 - only files are extended
        missing = size - file.seek(0, os.SEEK_END)
        while missing > 0:
            missing -= file.write(_ZEROS[: min(missing, len(_ZEROS))])
        file.flush()
        os.fsync(file.fileno())

    def _remap(self, capacity: int, access: int) -> None:
        if self._file is None or capacity == 0:
            return
        # The old mapping lives as long as an array of some search does; both show the same pages.
        self._map = mmap.mmap(self._file.fileno(), capacity * _ROW_BYTES, access=access)
        self.array = np.frombuffer(self._map, "<f4").reshape(capacity, DIMENSIONS)

    def _flush(self, start: int, end: int) -> None:
        if self._map is None or self._file is None or self._path is None:
            return
        first = start * _ROW_BYTES // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        with reported(self._path):
            self._map.flush(first, end * _ROW_BYTES - first)
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self.array = np.empty((0, DIMENSIONS), np.float32)
        self._map = None
        if self._file is not None:
            self._file.close()
            self._file = None
