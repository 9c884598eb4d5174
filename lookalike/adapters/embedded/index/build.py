import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pyroaring import BitMap

from lookalike.adapters.embedded.index.change import Upsert, plan_relabelling, plan_upsert
from lookalike.adapters.embedded.index.merger import Merger
from lookalike.adapters.embedded.index.nearest import View, Wanted
from lookalike.adapters.embedded.index.postings import Postings
from lookalike.adapters.embedded.index.records import Change, Records
from lookalike.adapters.embedded.index.row_checks import RowChecks
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.index.vectors import VECTORS, VectorFile
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.errors import CatalogueDamagedError, LookalikeError
from lookalike.ports.vector_index import Hit, IndexEntry, VectorQuery

_LOG = logging.getLogger(__name__)

Search = Callable[[View, BitMap, Wanted], list[Hit]]
_EXTRA: Final = 512  # rows linked beyond those just written: what a restart left behind


class Build:
    """One generation, open: its files, its records and what of them is kept in memory.

    Writers take turns (the adapter sees to that); searches go on meanwhile and see a write all at once. A write is
    safe in three steps: vectors reach the disk in rows nobody knows of, SQLite commits what they are, memory follows.
    """

    def __init__(
        self, model: ModelVersion, records: Records, folder: Path | None, tuning: Tuning, *, read_only: bool
    ) -> None:
        """Open. Raises `CatalogueDamagedError` where the file of vectors is missing or too short."""
        self.model = model
        self._records = records
        self._tuning = tuning
        self._next_row = records.next_row()
        path = None if folder is None else folder / VECTORS
        self._vectors = VectorFile(path, rows=self._next_row, read_only=read_only)
        self._postings = Postings(records)
        self._state = threading.Lock()
        self._items: list[str | None] = [None] * self._next_row
        self._photos: list[str | None] = [None] * self._next_row
        self._checks = RowChecks(self._items, self._photos, lambda: self._vectors.array)
        self._live = self._load_places()
        self._merger = Merger(records, folder, tuning, read_only=read_only)
        self._merger.forget_if_stale(len(self._live))
        self._read_only = read_only
        self._closing = threading.Event()
        self._helper = threading.Thread(target=self._catch_up, name="index-merger", daemon=True)
        if self._live:
            self._helper.start()

    def _load_places(self) -> BitMap:
        places = self._records.places()
        names: dict[str, str] = {}  # an item of many photos is named once
        for row, item, photo, _ in places:
            self._items[row] = names.setdefault(item, item)
            self._photos[row] = photo
        self._checks.expect(((place[0], place[3]) for place in places), self._next_row)
        return BitMap([place[0] for place in places])

    def view(self) -> View:
        """The generation as it is now."""
        with self._state:
            return self._view()

    def _view(self) -> View:
        merged = self._merger.merged
        newer = BitMap()
        if self._live and self._live.max() >= merged:
            newer = self._live.copy()
            newer.remove_range(0, merged)
        graph = self._merger.graph
        places = self._items, self._photos
        vectors, require = self._vectors.array, self._checks.require
        return View(vectors, *places, self._live, newer, graph, merged, self._tuning, require)

    def search(self, queries: Sequence[VectorQuery], how: Search) -> list[list[Hit]]:
        """Hits for each query. Raises `UnknownFacetError`."""
        chosen: dict[Filter, tuple[View, BitMap]] = {}
        found = []
        for query in queries:
            if query.filter not in chosen:
                chosen[query.filter] = self._choose(query.filter)
            view, allowed = chosen[query.filter]
            found.append(how(view, allowed, Wanted(query.embedding.vector, query.k, query.excluded)))
        return found

    def _choose(self, filter_: Filter) -> tuple[View, BitMap]:
        with self._state:
            view = self._view()
            allowed = self._postings.passing(filter_, view.live)
        # Whatever is found, a damaged one that may be found instead could have been nearer.
        self._checks.require(np.asarray((allowed & self._checks.damaged).to_array(), np.int64))
        return view, allowed

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        """Insert or replace entries of this generation's model."""
        upsert = self._plan(entries)
        if len(upsert.vectors):
            self._vectors.write(self._next_row, upsert.vectors)
        self._commit(upsert.change)
        self._merger.merge(self.view, len(upsert.vectors) + _EXTRA)
        self._merger.save_if_due()

    def _plan(self, entries: Sequence[IndexEntry]) -> Upsert:
        self._number_labels({label for entry in entries for label in entry.labels})
        known = self._records.of_items({entry.item for entry in entries})
        stored, is_sound = self._vectors.array, self._checks.is_sound
        return plan_upsert(entries, known, self._numbers, stored, self._next_row, is_sound=is_sound)

    def relabel(self, items: Sequence[Item]) -> None:
        """Give every entry of these items their labels."""
        wanted = {item.id: item.all_labels for item in items}
        known = self._records.of_items(wanted)
        entered = {record.item for record in known}
        labels = {item: of_item for item, of_item in wanted.items() if item in entered}
        self._number_labels({label for of_item in labels.values() for label in of_item})
        numbers = {item: self._numbers(of_item) for item, of_item in labels.items()}
        self._commit(plan_relabelling(known, numbers))

    def remove(self, items: Sequence[ItemId]) -> None:
        """Forget every entry of these items."""
        self._commit(Change(removed=self._records.of_items(set(items))))

    def remove_entries(self, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Forget these entries."""
        wanted = set(pairs)
        known = self._records.of_items({item for item, _ in wanted})
        self._commit(Change(removed=[record for record in known if (record.item, record.photo) in wanted]))

    def embeddings(self, photos: Sequence[PhotoId]) -> dict[PhotoId, Embedding]:
        """The embeddings of those photos that are here. Raises `CatalogueDamagedError` for one that is damaged."""
        there = self._records.of_photos(set(photos))
        rows = {record.photo: record.row for record in there if self._checks.is_sound(record.row)}
        if lost := {record.photo for record in there} - set(rows):
            raise CatalogueDamagedError(f"the embedding of photo {min(lost)} is damaged: run `lookalike doctor`")
        array = self._vectors.array
        return {photo: Embedding(np.array(array[row]), self.model) for photo, row in rows.items()}

    def close(self) -> None:
        """Write the graph if that is worth while, and let go of the files."""
        self._closing.set()
        if self._helper.ident is not None:
            self._helper.join()
        self._merger.save_if_due(closing=True)
        self._vectors.close()

    def _number_labels(self, labels: set[Label]) -> None:
        with self._state:
            new = [label for label in labels if self._postings.number(label) is None]
        if new:
            self._records.number_labels(new)

    def _numbers(self, labels: Iterable[Label]) -> frozenset[int]:
        with self._state:
            return self._postings.numbers(labels)

    def _commit(self, change: Change) -> None:
        if not change:
            return
        self._records.apply(change)
        with self._state:
            self._follow(change)

    def _follow(self, change: Change) -> None:
        added = BitMap(record.row for record in change.added)
        removed = BitMap(record.row for record in change.removed)
        if added:
            self._next_row = added.max() + 1
            missing = self._next_row - len(self._items)
            self._items.extend([None] * missing)
            self._photos.extend([None] * missing)
        self._checks.expect(((record.row, record.crc32) for record in change.added), self._next_row, seen=True)
        for record in change.added:
            self._items[record.row], self._photos[record.row] = record.item, record.photo
        self._postings.apply(change)
        self._live = (self._live | added) - removed  # a new one: views keep theirs

    @property
    def damaged(self) -> list[tuple[ItemId, PhotoId]]:
        """The entries found damaged so far."""
        rows = self._checks.damaged & self._live
        return [(ItemId(self._items[row] or ""), PhotoId(self._photos[row] or "")) for row in rows]

    def look_at_all(self) -> None:
        """Look at every entry that was not looked at yet; `damaged` then tells of all."""
        self._checks.look_at_all(self._closing.is_set)

    def _catch_up(self) -> None:
        is_behind = len(self.view().newer) > self._tuning.background and len(self._live) >= self._tuning.least_graph
        self.look_at_all()
        self._keep_sums()
        while is_behind and not self._closing.is_set() and self.view().newer:
            self._merger.merge(self.view, _EXTRA)
        self._merger.save_if_due()

    def _keep_sums(self) -> None:
        if self._read_only or not (sums := self._checks.missing_sums()):
            return
        try:
            self._records.put_sums(sums)
        except LookalikeError as error:
            _LOG.warning("checksums of older entries were not kept and are made again: %s", error)
