from dataclasses import dataclass

from lookalike.sizing.assumptions import Assumptions
from lookalike.sizing.demand import Demand
from lookalike.sizing.price_table import Price, PriceTable
from lookalike.sizing.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the lines of a bill follow from: one region's demand and shape, prices, and what is assumed beside."""

    demand: Demand
    shape: Shape
    prices: PriceTable
    assumed: Assumptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a month's bill. `spot` is the price where the same may run on capacity that AWS takes back."""

    component: str
    what: str
    quantity: float
    price: Price
    spot: Price | None = None

    @property
    def usd(self) -> float:
        """The month's cost on demand."""
        return self.quantity * self.price.usd

    @property
    def usd_on_spot(self) -> float:
        """The month's cost with spot where it may be, else on demand."""
        return self.quantity * (self.spot or self.price).usd
