from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.adapters.embedded.index.records import Change, Record
from lookalike.adapters.embedded.index.row_checks import row_sum
from lookalike.adapters.embedded.index.vectors import Matrix
from lookalike.domain.embedding import DIMENSIONS, Vector
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.ports.vector_index import IndexEntry

Numbers = Callable[[Iterable[Label]], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Upsert:
    """A change and the vectors [n, 256] of the rows it adds, in their order."""

    change: Change
    vectors: Matrix


def plan_upsert(
    entries: Sequence[IndexEntry],
    known: Sequence[Record],
    numbers: Numbers,
    stored: Matrix,
    next_row: int,
    *,
    is_sound: Callable[[int], bool] = lambda _: True,
) -> Upsert:
    """What is left to do: nothing for an entry that is there, a new row for a new vector, the old one forgotten.

    Of entries with one key the last counts. A row that is not sound counts as one with another vector.
    """
    there = {(record.item, record.photo): record for record in known}
    change = Change()
    vectors: list[Vector] = []
    for (item, photo), entry in {(entry.item, entry.photo): entry for entry in entries}.items():
        record, labels = there.get((item, photo)), numbers(entry.labels)
        vector = entry.embedding.vector
        if record is not None and np.array_equal(stored[record.row], vector) and is_sound(record.row):
            if record.labels != labels:
                change.relabelled.append((record, labels))
            continue
        if record is not None:
            change.removed.append(record)
        row = next_row + len(vectors)
        change.added.append(Record(row, item, photo, labels, row_sum(row, item, photo, vector)))
        vectors.append(vector)
    return Upsert(change, np.array(vectors, np.float32).reshape(len(vectors), DIMENSIONS))


def plan_relabelling(known: Sequence[Record], labels: Mapping[ItemId, frozenset[int]]) -> Change:
    """New labels for those entries whose item has others now."""
    stale = [record for record in known if record.labels != labels[record.item]]
    return Change(relabelled=[(record, labels[record.item]) for record in stale])
