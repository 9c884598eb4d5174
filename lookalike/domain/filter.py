from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.label import Label
from lookalike.domain.plain import all_are
from lookalike.errors import InvalidRequestError

_MOST_CLAUSES = 32
_MOST_LABELS = 100
_Labels = Iterable[Label | str]


class Match(StrEnum):
    """How an item's labels must stand to a clause's."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LabelClause:
    """Holds for an item that has any, all or none of `labels` (1 to 100 of them; ``facet:value`` texts will do).

    Raises `InvalidRequestError` for anything else.
    """

    match: Match
    labels: frozenset[Label]

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "match", Match(self.match))
        except ValueError:
            raise InvalidRequestError("filter", f"matches any, all or none, not {self.match!r:.80}") from None
        object.__setattr__(self, "labels", Label.each("filter", self.labels))
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
        object.__setattr__(self, "clauses", tuple(all_are(LabelClause, "filter", self.clauses)))
        if len(self.clauses) > _MOST_CLAUSES:
            raise InvalidRequestError("filter", f"at most {_MOST_CLAUSES} clauses, not {len(self.clauses)}")

    def __bool__(self) -> bool:
        return bool(self.clauses)

    def holds(self, labels: AbstractSet[Label]) -> bool:
        """Whether an item with exactly these labels (its category's among them) passes."""
        return all(clause.holds(labels) for clause in self.clauses)

    @classmethod
    def of(cls, *, any_of: _Labels = (), all_of: _Labels = (), none_of: _Labels = ()) -> "Filter":
        """Shorthand for the three kinds of clause, from ``facet:value`` texts or labels."""
        given = ((Match.ANY, any_of), (Match.ALL, all_of), (Match.NONE, none_of))
        clauses = [(match, Label.each("filter", labels)) for match, labels in given]
        return cls(tuple(LabelClause(match, labels) for match, labels in clauses if labels))
