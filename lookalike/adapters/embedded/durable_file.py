import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookalike.errors import UnavailableError


def write_file(path: Path, data: bytes, *, mode: int = 0o666, scratch: Path | None = None) -> None:
    """Put `data` at `path` whole: whoever reads it, at whatever moment, sees the old bytes or the new.

    It is written beside its place, or in `scratch` on the same volume, and moved. Survives loss of power once
    `sync_folder` was called for the folder it is in. Raises `UnavailableError` where the disk is full or fails.
    """
    temporary = (scratch or path.parent) / f"{secrets.token_hex(16)}.part"
    with reported(path):
        try:
            with os.fdopen(os.open(temporary, _NEW_FILE, mode), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive loss of power. Windows has no such call and needs none on NTFS."""
    if os.name == "nt":
        return
    with reported(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, in a way that survives loss of power."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with reported(folder):
        folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what the operating system says into `UnavailableError`, the path in its sentence."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read or written: {error.strerror or error}") from error


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
