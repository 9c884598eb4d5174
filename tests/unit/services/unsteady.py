from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import UnavailableError
from lookalike.testing import InMemoryVectorIndex


class UnsteadyIndex(InMemoryVectorIndex):
    """Fails when it is told to: before it has done what it was asked, or after, when nobody hears that it did."""

    def __init__(self) -> None:
        super().__init__()
        self._fails: list[str] = []

    @contextmanager
    def failing(self, fails: Sequence[str]) -> Iterator[None]:
        """The next writes fail like this, one after the other: "before", "after", or "" for not at all."""
        self._fails = list(fails)
        try:
            yield
        finally:
            self._fails = []

    def keys(self, catalogue: CatalogueId) -> set[tuple[ItemId, PhotoId]]:
        """Which photos of which items have an entry."""
        return set(self._own(catalogue))

    def _unsteadily(self, method: str, *arguments: Any) -> None:
        how = self._fails.pop(0) if self._fails else ""
        if how == "before":
            raise UnavailableError("down")
        getattr(super(), method)(*arguments)
        if how == "after":
            raise UnavailableError("down, and did it")

    def upsert_many(self, *arguments: Any) -> None:
        self._unsteadily("upsert_many", *arguments)

    def relabel_many(self, *arguments: Any) -> None:
        self._unsteadily("relabel_many", *arguments)

    def remove_items(self, *arguments: Any) -> None:
        self._unsteadily("remove_items", *arguments)

    def remove_entries(self, *arguments: Any) -> None:
        self._unsteadily("remove_entries", *arguments)
