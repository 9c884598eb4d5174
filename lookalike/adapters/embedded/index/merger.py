import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from lookalike.adapters.embedded.index.graph import Graph
from lookalike.adapters.embedded.index.nearest import View
from lookalike.adapters.embedded.index.records import Records
from lookalike.adapters.embedded.index.snapshot import read_snapshot, remove_others, write_snapshot
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.errors import LookalikeError

_LOG = logging.getLogger(__name__)
_CHUNK: Final = 16  # rows linked while searches wait: some 5 ms
_BREATH: Final = 5e-5  # seconds in which a search that waits gets its turn
_UNSAVED_SHARE: Final = 4


class Merger:
    """Brings rows into a generation's graph, and the graph into a file from time to time.

    Rows are searched one by one until they are in the graph, and a graph that is lost is made again: nothing here
    has to succeed for the index to be right.
    """

    def __init__(self, records: Records, folder: Path | None, tuning: Tuning, *, read_only: bool) -> None:
        self._tuning = tuning
        self._records = records
        self._folder = folder
        self._read_only = read_only
        self._lock = threading.Lock()
        self.graph, self.merged = self._restored()
        self._saved = len(self.graph)

    def _restored(self) -> tuple[Graph, int]:
        snapshot = self._records.snapshot()
        if self._folder is None or snapshot is None:
            return Graph(), 0
        graph = read_snapshot(self._folder, snapshot)
        if graph is None:
            _LOG.warning("the graph %s is missing or damaged and is made again", self._folder / snapshot.file)
            return Graph(), 0
        return graph, snapshot.merged

    def forget_if_stale(self, live: int) -> None:
        """Start the graph anew when more than half of its nodes lead to rows that are gone."""
        if len(self.graph) > 2 * live + self._tuning.least_graph:
            self.graph, self.merged, self._saved = Graph(), 0, 0

    def merge(self, view_now: Callable[[], View], limit: int) -> None:
        """Link up to `limit` of the rows that are not in the graph, oldest first."""
        with self._lock:
            view = view_now()
            if len(view.live) < self._tuning.least_graph:
                return
            rows = np.asarray(view.newer.to_array(), np.int64)[:limit]
            for start in range(0, len(rows), _CHUNK):
                chunk = rows[start : start + _CHUNK]
                self.graph.add(chunk, np.clip(np.nan_to_num(view.vectors[chunk]), -1, 1))  # a damaged row is any node
                self.merged = int(chunk[-1]) + 1
                time.sleep(_BREATH)

    def save_if_due(self, *, closing: bool = False) -> None:
        """Write the graph to a file when enough was added since the last time."""
        with self._lock:
            due = self._due(closing=closing)
            if self._folder is None or self._read_only or len(self.graph) - self._saved < due:
                return
            try:
                self._save(self._folder)
            except LookalikeError as error:
                _LOG.warning("the graph was not written and will be made again: %s", error)

    def _due(self, *, closing: bool) -> int:
        if closing:
            return self._tuning.worth_saving
        return max(self._tuning.least_unsaved, self._saved // _UNSAVED_SHARE)

    def _save(self, folder: Path) -> None:
        snapshot = write_snapshot(self.graph, folder, self.merged)
        self._records.put_snapshot(snapshot)
        self._saved = len(self.graph)
        remove_others(folder, snapshot)
