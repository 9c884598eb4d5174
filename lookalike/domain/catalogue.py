import re
from dataclasses import dataclass

from lookalike.domain.generation import IndexGeneration
from lookalike.domain.name import Name


class CatalogueId(Name):
    """One shop's searchable set of items; the unit of isolation."""

    __slots__ = ()
    kind = "catalogue"
    pattern = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
    rule = "1 to 63 lower-case letters, digits and dashes, not starting with a dash"


@dataclass(frozen=True, slots=True)
class CatalogueStatus:
    """What a catalogue holds; `bytes_on_disk` is 0 where nothing is stored."""

    catalogue: CatalogueId
    items: int
    photos: int
    uploads: dict[str, int]
    generations: tuple[IndexGeneration, ...]
    bytes_on_disk: int
