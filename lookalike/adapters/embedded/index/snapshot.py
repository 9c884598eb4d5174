import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from lookalike.adapters.embedded.durable_file import reported, sync_folder, write_file
from lookalike.adapters.embedded.index.graph import Graph


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A graph's file: its name, the row below which every live one is in it, its size and its CRC-32."""

    file: str
    merged: int
    byte_count: int
    crc32: int


def write_snapshot(graph: Graph, folder: Path, merged: int) -> Snapshot:
    """Put the graph into `folder`, whole or not at all. Raises `UnavailableError` where the disk is full or fails."""
    path = folder / f"graph-{merged}.hnsw"
    data = graph.to_bytes()
    write_file(path, data)
    sync_folder(folder)
    return Snapshot(path.name, merged, len(data), zlib.crc32(data))


def read_snapshot(folder: Path, snapshot: Snapshot) -> Graph | None:
    """The graph of a snapshot, or None where its file is gone or not what was written: it can be made again."""
    try:
        data = (folder / snapshot.file).read_bytes()
        if (len(data), zlib.crc32(data)) != (snapshot.byte_count, snapshot.crc32):
            return None
        return Graph.from_bytes(data)
    except (OSError, ValueError, struct.error):
        return None


def remove_others(folder: Path, keep: Snapshot) -> None:
    """Delete the files of earlier snapshots and of writes that were cut short."""
    with reported(folder):
        for path in (*folder.glob("graph-*.hnsw"), *folder.glob("*.part")):
            if path.name != keep.file:
                path.unlink(missing_ok=True)
