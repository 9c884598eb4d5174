"""The k nearest of the rows that are allowed, the cheapest way that is sure to find k.

Few rows are compared one by one. For many the graph is asked for about four times as many neighbours as should
be needed for k to pass the filter. Only the nearer two thirds of what it answers are trusted to be complete: when
the k-th hit is not well within them (a filter that holds nothing near the query, an item with many photos, equal
scores at the end) it is asked for more, or, where less than half of k passed, all are compared.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from lookalike.adapters.embedded.index.graph import Graph, Rows
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.index.vectors import Matrix
from lookalike.domain.embedding import Vector
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import Hit

Scores = npt.NDArray[np.float32]

_SPARE: Final = 4  # times the neighbours that should be enough: the last of a list are the least complete
_TRUSTED: Final = 2 / 3
_ROUNDING: Final = 1e-5  # more than float32 loses in 256 products
_DENSE: Final = 3  # one row in so many from which on it is quicker to compare all than to gather
_WORSE: Final = (2.0, "")  # than any (-score, photo)
_CHUNK: Final = 8_192  # rows gathered at once: 8 MiB


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a generation: live rows below `merged` are in the graph, `newer` ones from there on are not."""

    vectors: Matrix
    items: Sequence[str | None]
    photos: Sequence[str | None]
    live: BitMap
    newer: BitMap
    graph: Graph
    merged: int
    tuning: Tuning
    require: Callable[[Rows], None] = lambda _: None
    """Raises where one of these rows does not hold the vector that was written; asked before any is compared."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: `vector` float32 [256], k items, none of `excluded`."""

    vector: Vector
    k: int
    excluded: AbstractSet[ItemId]


def find_nearest(view: View, allowed: BitMap, wanted: Wanted) -> list[Hit]:
    """The best hits among `allowed`, best first, at most one an item, ties by item id; k when there are k."""
    in_graph = allowed.range_cardinality(0, view.merged)
    fetch = _first_fetch(view, in_graph, wanted)
    newer = _rows_of(allowed & view.newer)
    while fetch <= len(view.graph) and _graph_cost(view.tuning, fetch) < in_graph * view.tuning.row_cost:
        near = view.graph.nearest(wanted.vector, fetch)
        hits = _sure_hits(view, allowed, newer, wanted, near) if len(near) == fetch else []
        if len(hits) == wanted.k:
            return hits
        if 2 * len({view.items[row] for row in near.tolist() if row in allowed}) < wanted.k:
            break  # what passes stands far from the query, where the graph is less reliable
        fetch *= 2
    return find_exactly(view, allowed, wanted)


def _graph_cost(tuning: Tuning, fetch: int) -> float:
    return tuning.graph_cost + fetch * tuning.neighbour_cost


def _first_fetch(view: View, in_graph: int, wanted: Wanted) -> int:
    needed = wanted.k + len(wanted.excluded)
    return max(view.tuning.least_fetch, _SPARE * needed * len(view.graph) // max(1, in_graph))


def _sure_hits(view: View, allowed: BitMap, newer: Rows, wanted: Wanted, near: Rows) -> list[Hit]:
    """Hits among the graph's neighbours and what is not in the graph, down to where neighbours may be missing."""
    trusted = int(len(near) * _TRUSTED)
    passing = [row for row in near[:trusted].tolist() if row < view.merged and row in allowed]
    closest = _closest(view, newer, wanted, len(near))
    rows = np.concatenate([near[trusted : trusted + 1], np.array(passing, np.int64), closest])
    view.require(rows)
    rough = np.vecdot(view.vectors[rows], wanted.vector)
    hits = _best(view, rows[1:], rough[1:], wanted)
    return [hit for hit in hits if hit.score > rough[0] + _ROUNDING]


def find_exactly(view: View, allowed: BitMap, wanted: Wanted) -> list[Hit]:
    """Like `find_nearest`, by comparing with every row that is allowed."""
    rows = _rows_of(allowed)
    view.require(rows)
    rough = _rough_scores(view.vectors, rows, wanted.vector)
    count = 2 * (wanted.k + len(wanted.excluded)) + 16
    while count < len(rows):
        best = np.argpartition(rough, len(rows) - count)[-count:]
        hits = _best(view, rows[best], rough[best], wanted)
        if len(hits) == wanted.k and hits[-1].score > rough[best].min() + _ROUNDING:
            return hits
        count *= 4
    return _best(view, rows, rough, wanted)


def _closest(view: View, rows: Rows, wanted: Wanted, count: int) -> Rows:
    """The rows that come first by rough scores: all that can matter beside `count` of the graph's."""
    if len(rows) <= count:
        return rows
    view.require(rows)
    rough = _rough_scores(view.vectors, rows, wanted.vector)
    return rows[np.argpartition(rough, len(rows) - count)[-count:]]


def _rows_of(allowed: BitMap) -> Rows:
    return np.asarray(allowed.to_array(), np.int64)


def _rough_scores(vectors: Matrix, rows: Rows, vector: Vector) -> Scores:
    """Cosines in float32, whose last digits depend on a row's place in its block.

    `vecdot` stays on this thread. A matrix product is as quick on an idle machine, but its threads wait for each
    other on a busy one: 0.15 ms against 19 ms for 3,000 rows at p95.
    """
    if len(rows) and _DENSE * len(rows) >= rows[-1] - rows[0] + 1:
        near: Scores = np.vecdot(vectors[rows[0] : rows[-1] + 1], vector)[rows - rows[0]]
        return near
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _CHUNK):
        scores[start : start + _CHUNK] = np.vecdot(vectors[rows[start : start + _CHUNK]], vector)
    return scores


def _best(view: View, rows: Rows, rough: Scores, wanted: Wanted) -> list[Hit]:
    """The k best items of `rows`, whose scores are known roughly."""
    last = _contenders(view, rows, rough, wanted)
    # By way of float64, so that equal vectors have equal scores wherever they stand.
    exact = view.vectors[last].astype(np.float64) @ wanted.vector.astype(np.float64)
    scores = np.minimum(np.maximum(exact, -1.0), 1.0).astype(np.float32).tolist()
    best: dict[str, tuple[float, str]] = {}
    for row, score in zip(last, scores, strict=True):
        item, photo = view.items[row] or "", view.photos[row] or ""
        best[item] = min(best.get(item, _WORSE), (-score, photo))
    ranked = sorted(best.items(), key=lambda found: (found[1][0], found[0]))[: wanted.k]
    # Names are checked here and not when opening: a check a row would take most of that time.
    return [Hit(ItemId.stored(item), PhotoId.stored(photo), -negated) for item, (negated, photo) in ranked]


def _contenders(view: View, rows: Rows, rough: Scores, wanted: Wanted) -> list[int]:
    """The rows that come first, down to the k-th item and whatever rounding may have put behind it."""
    found: list[int] = []
    items: set[str | None] = set()
    least = -np.inf
    order = np.argsort(-rough)
    for row, score in zip(rows[order].tolist(), rough[order].tolist(), strict=True):
        if score < least:
            break
        item = view.items[row]
        if item in wanted.excluded:
            continue
        found.append(row)
        items.add(item)
        if len(items) == wanted.k and least == -np.inf:
            least = score - _ROUNDING
    return found
