import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lookalike.errors import UnavailableError

PARTIAL: Final = ".part"
_SUM_BYTES: Final = 4


def write_file(
    path: Path, data: bytes, *, mode: int = 0o666, scratch: Path | None = None, durable: bool = True
) -> None:
    """Put `data` at `path` whole: whoever reads it, at whatever moment, sees the old bytes or the new.

    It is written beside its place, or in `scratch` on the same volume, and moved there. If `durable`, the bytes
    survive loss of power, and their name once `sync_folder` was called for the folder. Raises
    `UnavailableError` where the disk is full or fails.
    """
    partial = (scratch or path.parent) / f"{secrets.token_hex(16)}{PARTIAL}"
    with reported(path):
        try:
            with os.fdopen(os.open(partial, _NEW_FILE, mode), "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive loss of power. Windows has no such call, and NTFS journals names."""
    if os.name == "nt":
        return
    with reported(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, so that they survive loss of power."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with reported(folder):
        folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def seal(data: bytes) -> bytes:
    """`data` with its CRC-32 behind it, for what is written without waiting for the disk."""
    return data + zlib.crc32(data).to_bytes(_SUM_BYTES, "little")


def unseal(sealed: bytes) -> bytes | None:
    """What `seal` was given, or None where part of it was lost with the power."""
    data, found = sealed[:-_SUM_BYTES], sealed[-_SUM_BYTES:]
    return data if found == zlib.crc32(data).to_bytes(_SUM_BYTES, "little") else None


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what the operating system says into `UnavailableError`, the path in its sentence."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read or written: {error.strerror or error}") from error


_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
