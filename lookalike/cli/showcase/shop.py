from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lookalike.cli.sources import Entry
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label

NO_CATEGORY: Final = "uncategorised"
"""Of the user's photos that lie in no folder of their own: answers to them are neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class UnseenFile:
    """A photo that the shop has not seen, and the truth about it.

    `of` is the item whose very garment it shows, where that is known.
    """

    path: Path
    caption: str
    category: str
    labels: frozenset[Label] = frozenset()
    of: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """What to import and where to, and what to ask with afterwards. It is a `Source` of `count` entries."""

    catalogue: Path
    count: int
    give: Callable[[], Iterator[Entry]]
    unseen: tuple[UnseenFile, ...]

    def total(self) -> int | None:
        """How many entries there are."""
        return self.count

    def read(self) -> float:
        """Unknown: entries are counted."""
        return 0.0

    def entries(self) -> Iterator[Entry]:
        """One entry a photo."""
        return self.give()

    def warnings(self) -> list[str]:
        """There are none."""
        return []

    def close(self) -> None:
        """There is nothing to let go of."""
