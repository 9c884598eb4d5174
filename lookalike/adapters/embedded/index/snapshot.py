import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lookalike.adapters.embedded.durable_file import reported, sync_folder
from lookalike.adapters.embedded.index.graph import Graph

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A graph's file: its name, the rows below which every live one is in it, its size and its CRC-32."""

    file: str
    merged: int
    byte_count: int
    crc32: int


def write_snapshot(graph: Graph, folder: Path, merged: int) -> Snapshot:
    """Put the graph into `folder`, whole or not at all. Raises `UnavailableError` where the disk is full or fails."""
    path = folder / f"graph-{merged}.usearch"
    temporary = path.with_suffix(".part")
    with reported(path):
        try:
            _save(graph, temporary, path)
            byte_count, crc32 = _checksum(temporary)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_folder(folder)
    return Snapshot(path.name, merged, byte_count, crc32)


def read_snapshot(folder: Path, snapshot: Snapshot) -> Graph | None:
    """The graph of a snapshot, or None where its file is gone or not what was written: it can be made again."""
    path = folder / snapshot.file
    try:
        if _checksum(path) != (snapshot.byte_count, snapshot.crc32):
            return None
        return Graph.load(path)
    except (OSError, ValueError):
        return None


def remove_others(folder: Path, keep: Snapshot) -> None:
    """Delete the files of earlier snapshots and of writes that were cut short."""
    for path in folder.glob("graph-*"):
        if path.name != keep.file:
            path.unlink(missing_ok=True)


def _save(graph: Graph, temporary: Path, path: Path) -> None:
    try:
        graph.save(temporary)
    except RuntimeError as error:  # how the library reports a full disk
        raise OSError(f"{path} cannot be written: {error}") from error
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())


def _checksum(path: Path) -> tuple[int, int]:
    byte_count = crc32 = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            byte_count += len(block)
            crc32 = zlib.crc32(block, crc32)
    return byte_count, crc32
