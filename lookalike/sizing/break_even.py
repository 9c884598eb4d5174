from dataclasses import dataclass

from lookalike.errors import InvalidRequestError
from lookalike.sizing.demand import HOURS_A_MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """When a node is cheaper committed for a year than by the hour. Prices are USD an hour, hours are of one month.

    Committed hours are paid whether the node runs or not. Spot hours are paid with what interruptions make anew
    (`lost_share` of the work), and only where they can be had. `spot` is None where no spot price is known.
    """

    instance_type: str
    on_demand: float
    committed: float
    spot: float | None
    lost_share: float

    def __post_init__(self) -> None:
        if not 0 < self.committed <= self.on_demand:
            raise InvalidRequestError(
                "committed", "a committed hour must cost more than nothing, no more than on demand"
            )

    @property
    def hours_on_demand(self) -> float:
        """Hours from which committing is cheaper than on demand."""
        return HOURS_A_MONTH * self.committed / self.on_demand

    @property
    def hours_on_spot(self) -> float | None:
        """Hours from which committing is cheaper than spot; None where it never is, or no spot price is known."""
        if self.spot is None:
            return None
        hours = HOURS_A_MONTH * self.committed / (self.spot * (1 + self.lost_share))
        return hours if hours <= HOURS_A_MONTH else None
