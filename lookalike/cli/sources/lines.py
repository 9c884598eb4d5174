from pathlib import Path
from typing import Final, Self, TextIO

_LONGEST: Final = 1_000_000


class Lines:
    """The lines of a UTF-8 file (a byte order mark is passed over), one in memory at a time.

    `number` is the line last read, from 1. A line of more than a million characters raises `ValueError` in its
    place, and iteration can go on behind it. Bytes that are no UTF-8 come as lone surrogates: see `checked_text`.
    """

    def __init__(self, path: Path) -> None:
        self.number = 0
        self._size = max(1, path.stat().st_size)
        self._file: TextIO = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")

    @property
    def place(self) -> float:
        """The share of the file's bytes read so far, in [0, 1]."""
        return 1.0 if self._file.closed else min(1.0, self._file.buffer.tell() / self._size)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == _LONGEST and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = self._file.readline(_LONGEST)
            raise ValueError(f"the line is longer than {_LONGEST:,} characters")
        return line

    def close(self) -> None:
        """Let the file go; `place` is 1 from then on."""
        self._file.close()


def checked_text(text: str) -> str:
    """The text itself. Raises `ValueError` where some of its bytes were no UTF-8."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("is not UTF-8")
    return text
