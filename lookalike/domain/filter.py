from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError

_MOST_CLAUSES = 32
_MOST_LABELS = 100


class Match(StrEnum):
    """How an item's labels must stand to a clause's."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LabelClause:
    """Holds for an item that has any, all or none of `labels` (1 to 100 of them)."""

    match: Match
    labels: frozenset[Label]

    def __post_init__(self) -> None:
        if not 1 <= len(self.labels) <= _MOST_LABELS:
            raise InvalidRequestError("filter", f"a clause takes 1 to {_MOST_LABELS} labels, not {len(self.labels)}")

    def holds(self, labels: AbstractSet[Label]) -> bool:
        """Whether an item with exactly these labels (its category's among them) passes."""
        if self.match is Match.ALL:
            return self.labels <= labels
        return self.labels.isdisjoint(labels) is (self.match is Match.NONE)


@dataclass(frozen=True, slots=True)
class Filter:
    """Clauses that must all hold; none at all lets everything through. At most 32 clauses."""

    clauses: tuple[LabelClause, ...] = ()

    def __post_init__(self) -> None:
        if len(self.clauses) > _MOST_CLAUSES:
            raise InvalidRequestError("filter", f"at most {_MOST_CLAUSES} clauses, not {len(self.clauses)}")

    def __bool__(self) -> bool:
        return bool(self.clauses)

    def holds(self, labels: AbstractSet[Label]) -> bool:
        """Whether an item with exactly these labels (its category's among them) passes."""
        return all(clause.holds(labels) for clause in self.clauses)

    @classmethod
    def of(cls, *, any_of: Iterable[str] = (), all_of: Iterable[str] = (), none_of: Iterable[str] = ()) -> "Filter":
        """Shorthand for the three kinds of clause, from ``facet:value`` texts."""
        given = ((Match.ANY, any_of), (Match.ALL, all_of), (Match.NONE, none_of))
        clauses = ((match, frozenset(map(Label.parse, texts))) for match, texts in given)
        return cls(tuple(LabelClause(match, labels) for match, labels in clauses if labels))
