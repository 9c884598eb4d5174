from pathlib import Path

import numpy as np
import pytest

from lookalike.adapters.embedded.index.graph import Graph
from lookalike.adapters.embedded.index.snapshot import read_snapshot, remove_others, write_snapshot
from lookalike.domain.embedding import DIMENSIONS

VECTORS = np.random.default_rng(2).standard_normal((300, DIMENSIONS)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add(np.arange(300), VECTORS)
    return graph


def test_a_graph_comes_back_as_it_was(graph: Graph, tmp_path: Path) -> None:
    again = read_snapshot(tmp_path, write_snapshot(graph, tmp_path, 300))
    assert again is not None
    assert len(again) == 300
    assert again.nearest(VECTORS[7], 5).tolist() == graph.nearest(VECTORS[7], 5).tolist()


def test_it_can_go_on_growing(graph: Graph, tmp_path: Path) -> None:
    again = read_snapshot(tmp_path, write_snapshot(graph, tmp_path, 300))
    assert again is not None
    again.add(np.arange(300, 600), -VECTORS)
    assert again.nearest(-VECTORS[7], 1).tolist() == [307]


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "empty"])
def test_a_damaged_file_is_no_graph(graph: Graph, tmp_path: Path, damage: str) -> None:
    snapshot = write_snapshot(graph, tmp_path, 300)
    path = tmp_path / snapshot.file
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage != "gone":
        data[len(data) // 2] ^= damage == "flipped"
        path.write_bytes({"cut": data[: len(data) // 2], "flipped": data, "empty": b""}[damage])
    assert read_snapshot(tmp_path, snapshot) is None


def test_earlier_ones_are_deleted(graph: Graph, tmp_path: Path) -> None:
    write_snapshot(graph, tmp_path, 299)
    (tmp_path / "0123.part").touch()
    kept = write_snapshot(graph, tmp_path, 300)
    remove_others(tmp_path, kept)
    assert [path.name for path in tmp_path.iterdir()] == [kept.file]
