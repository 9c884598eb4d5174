import os
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from lookalike.adapters.embedded.durable_file import reported
from lookalike.errors import CatalogueLockedError

_LOCK: Final = "lock"
_HOLDER: Final = "lock.pid"  # beside it, for Windows lets nobody else read a locked file


class FolderLock:
    """Makes one process the only writer of a folder. The operating system lets go when that process ends, however.

    Raises `CatalogueLockedError` at once where another has it, also another opening in the same process.
    """

    def __init__(self, folder: Path) -> None:
        self._holder = folder / _HOLDER
        self._lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
        with reported(folder):
            try:
                self._lock.acquire()
            except Timeout as error:
                raise CatalogueLockedError(f"{folder} is open for writing by {self._whom()}: close it first") from error
            self._holder.write_text(str(os.getpid()))

    def _whom(self) -> str:
        try:
            return f"process {int(self._holder.read_text())}"
        except (OSError, ValueError):  # it has just got the lock, or is just letting go
            return "another process"

    def release(self) -> None:
        """Let go; twice is fine."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()
