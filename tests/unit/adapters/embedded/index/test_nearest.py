from dataclasses import replace

import numpy as np
import pytest
from pyroaring import BitMap

from lookalike.adapters.embedded.index.graph import Graph
from lookalike.adapters.embedded.index.nearest import View, Wanted, find_exactly, find_nearest
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.domain.embedding import DIMENSIONS
from lookalike.domain.item import ItemId
from lookalike.testing.examples import item_id, photo_id

COUNT, PER_ITEM = 6_000, 2


class CountingGraph(Graph):
    """A graph that remembers how many neighbours it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def nearest(self, vector: np.ndarray, count: int) -> np.ndarray:
        self.asked.append(count)
        return super().nearest(vector, count)


@pytest.fixture(scope="module")
def full() -> View:
    """30 clusters of 200 photos, two of each item, all but the last 100 in the graph."""
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((30, DIMENSIONS))
    vectors = np.repeat(centres, COUNT // 30, axis=0) + 0.8 * rng.standard_normal((COUNT, DIMENSIONS))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    items = [item_id(row // PER_ITEM) for row in range(COUNT)]
    graph = CountingGraph()
    graph.add(np.arange(COUNT - 100), vectors[: COUNT - 100])
    live, newer = BitMap(range(COUNT)), BitMap(range(COUNT - 100, COUNT))
    photos = [photo_id(row) for row in range(COUNT)]
    return View(vectors, items, photos, live, newer, graph, COUNT - 100, Tuning())


@pytest.fixture
def view(full: View) -> View:
    assert isinstance(full.graph, CountingGraph)
    full.graph.asked.clear()
    return full


def wanted(view: View, row: int, k: int = 10, excluded: frozenset[ItemId] = frozenset()) -> Wanted:
    return Wanted(view.vectors[row], k, excluded)


def recall(view: View, allowed: BitMap, rows: range, k: int = 10) -> float:
    shares = []
    for row in rows:
        found = find_nearest(view, allowed, wanted(view, row, k))
        exact = find_exactly(view, allowed, wanted(view, row, k))
        assert len(found) == len(exact)
        shares.append(len({hit.item for hit in found} & {hit.item for hit in exact}) / len(exact))
    return float(np.mean(shares))


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.01])
def test_recall_holds_whatever_share_passes(view: View, share: float) -> None:
    rng = np.random.default_rng(6)
    allowed = BitMap(np.flatnonzero(rng.random(COUNT) < share).astype(np.uint32))
    assert recall(view, allowed, range(0, COUNT, 120)) >= 0.99


@pytest.mark.parametrize("k", [1, 100, 1_000])
def test_recall_holds_whatever_k(view: View, k: int) -> None:
    assert recall(view, view.live, range(0, COUNT, 600), k) >= 0.99


def test_a_filter_that_holds_nothing_near_the_query_still_gives_k(view: View) -> None:
    allowed = BitMap(range(3_000, COUNT))
    for row in range(0, 3_000, 300):
        assert find_nearest(view, allowed, wanted(view, row)) == find_exactly(view, allowed, wanted(view, row))


def test_many_are_looked_up_in_the_graph_and_few_compared(view: View) -> None:
    assert isinstance(view.graph, CountingGraph)
    find_nearest(view, view.live, wanted(view, 0))
    assert view.graph.asked == [48]
    find_nearest(view, BitMap(range(0, COUNT, 30)), wanted(view, 0))
    assert view.graph.asked == [48]


def test_what_is_not_in_the_graph_yet_is_found(view: View) -> None:
    hits = find_nearest(view, view.live, wanted(view, COUNT - 1))
    assert hits[0].item == view.items[COUNT - 1]
    assert hits[0].score == pytest.approx(1.0)


def test_a_row_that_is_gone_is_never_found(view: View) -> None:
    live = view.live - BitMap([0, 1])
    assert view.items[0] not in {hit.item for hit in find_nearest(replace(view, live=live), live, wanted(view, 0, 50))}


def test_excluded_items_leave_room_for_others(view: View) -> None:
    best = frozenset(hit.item for hit in find_nearest(view, view.live, wanted(view, 0, 40)))
    hits = find_nearest(view, view.live, wanted(view, 0, 10, best))
    assert len(hits) == 10
    assert best.isdisjoint(hit.item for hit in hits)


def test_an_item_of_very_many_photos_takes_one_place(view: View) -> None:
    items = [item_id(0) if row < 2_000 else item_id(row) for row in range(COUNT)]
    hits = find_nearest(replace(view, items=items), view.live, wanted(view, 0))
    assert len({hit.item for hit in hits}) == 10
    assert hits == find_exactly(replace(view, items=items), view.live, wanted(view, 0))


def test_equal_scores_go_by_item_id_even_where_there_are_more_than_asked_for(view: View) -> None:
    vectors = view.vectors.copy()
    same = list(range(0, 4_000, PER_ITEM))
    vectors[same] = vectors[0]
    graph = Graph()
    graph.add(np.arange(COUNT - 100), vectors[: COUNT - 100])
    twins = replace(view, vectors=vectors, items=view.items[::-1], graph=graph)
    for find in (find_nearest, find_exactly):
        hits = find(twins, view.live, wanted(twins, 0))
        assert [hit.item for hit in hits] == sorted(twins.items[row] for row in same)[:10]
        assert len({hit.score for hit in hits}) == 1


def test_nothing_passes(view: View) -> None:
    assert find_nearest(view, BitMap(), wanted(view, 0)) == []
    assert find_exactly(view, BitMap(), wanted(view, 0)) == []
