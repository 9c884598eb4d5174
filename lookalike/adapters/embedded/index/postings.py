from collections.abc import Iterable
from functools import reduce

from pyroaring import BitMap

from lookalike.adapters.embedded.index.records import Change, Records
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.label import Label
from lookalike.errors import UnknownFacetError


class Postings:
    """Which rows have a label, as bitmaps; each is read from the records when it is first asked for.

    Not for two threads at once: `Build` holds its lock around each call.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._numbers: dict[Label, int] = {}
        self._rows: dict[int, BitMap] = {}
        self._facets: set[str] = set()

    def numbers(self, labels: Iterable[Label]) -> frozenset[int]:
        """The numbers of labels that were all given one."""
        return frozenset(number for label in labels if (number := self.number(label)) is not None)

    def number(self, label: Label) -> int | None:
        """The number of a label, None where no entry ever had it."""
        known = self._numbers.get(label)
        if known is None:
            known = self._records.label_number(label)
            if known is not None:
                self._numbers[label] = known
        return known

    def apply(self, change: Change) -> None:
        """Follow a change that was stored; doing it again changes nothing."""
        if change.removed or change.relabelled:
            self._facets.clear()
        for record in change.added:
            self._post(record.row, record.labels)
        for record in change.removed:
            self._unpost(record.row, record.labels)
        for record, labels in change.relabelled:
            self._unpost(record.row, record.labels - labels)
            self._post(record.row, labels - record.labels)

    def _post(self, row: int, labels: Iterable[int]) -> None:
        for label in labels:
            if label in self._rows:
                self._rows[label].add(row)

    def _unpost(self, row: int, labels: Iterable[int]) -> None:
        for label in labels:
            if label in self._rows:
                self._rows[label].discard(row)

    def passing(self, chosen: Filter, rows: BitMap) -> BitMap:
        """Those of `rows` that pass. Raises `UnknownFacetError` for a label of a facet that no entry has."""
        for facet in sorted({label.facet for clause in chosen.clauses for label in clause.labels}):
            self._check(facet)
        return reduce(self._narrow, chosen.clauses, rows)

    def _check(self, facet: str) -> None:
        if facet in self._facets:
            return
        if not self._records.has_facet(facet):
            raise UnknownFacetError("filter", f"no item of this catalogue has a label of the facet {facet!r}")
        self._facets.add(facet)

    def _narrow(self, rows: BitMap, clause: LabelClause) -> BitMap:
        postings = [self._of(label) for label in clause.labels]
        match clause.match:
            case Match.ALL:
                return BitMap.intersection(rows, *postings)
            case Match.ANY:
                return rows & BitMap.union(*postings)
            case Match.NONE:
                return BitMap.difference(rows, *postings)

    def _of(self, label: Label) -> BitMap:
        number = self.number(label)
        if number is None:
            return BitMap()
        if number not in self._rows:
            self._rows[number] = self._records.posting(number)
        return self._rows[number]
