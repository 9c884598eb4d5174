from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from lookalike.domain.catalogue import CatalogueId
from lookalike.ports.work_queue import Pointer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pointer: done for good, or `error` says why it has to come again."""

    pointer: Pointer
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether the message can be deleted."""
        return not self.error


def by_catalogue(pointers: Iterable[Pointer]) -> Iterator[tuple[CatalogueId, list[Pointer]]]:
    """The pointers by catalogue, each one once however often it came."""
    catalogue_of = attrgetter("catalogue")
    for catalogue, group in groupby(sorted(set(pointers), key=catalogue_of), key=catalogue_of):
        yield catalogue, list(group)
