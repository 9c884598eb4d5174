from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from lookalike.errors import InvalidRequestError
from lookalike.sizing.assumptions import Assumptions
from lookalike.sizing.break_even import BreakEven
from lookalike.sizing.demand import Demand
from lookalike.sizing.index_nodes import data_nodes
from lookalike.sizing.line import Line, Stack
from lookalike.sizing.lines import ALL
from lookalike.sizing.price_table import PriceTable
from lookalike.sizing.profile import PROFILES
from lookalike.sizing.regions import replication
from lookalike.sizing.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A month's bill: `lines` of all regions together, in USD before tax."""

    profile: str
    region: str
    demand: Demand
    shape: Shape
    assumed: Assumptions
    lines: Sequence[Line]
    idle_usd: float
    break_even: BreakEven | None

    @property
    def usd(self) -> float:
        """The month's cost, all of it on demand."""
        return sum(line.usd for line in self.lines)

    @property
    def usd_on_spot(self) -> float:
        """The month's cost with spot nodes at the peak."""
        return sum(line.usd_on_spot for line in self.lines)

    @property
    def usd_by_component(self) -> dict[str, float]:
        """The month's cost by component, on demand."""
        parts = groupby(self.lines, key=lambda line: line.component)
        return {component: sum(line.usd for line in lines) for component, lines in parts}


def estimate(
    profile: str, demand: Demand, *, region: str = "us-east-1", assumed: Assumptions | None = None
) -> Estimate:
    """Return what `profile` costs in a month under `demand`, each of its regions at the prices of `region`.

    Raises `InvalidRequestError` for an unknown profile or region, and for more photos than the profile's index holds.
    """
    if profile not in PROFILES:
        raise InvalidRequestError("profile", f"must be one of {', '.join(PROFILES)}, not {profile!r}")
    assumed = assumed or Assumptions()
    # Every region takes in all photos, and its share of the searches.
    there = replace(demand, regions=1, searches_per_second=demand.searches_per_second / demand.regions)
    stack = Stack(demand=there, shape=PROFILES[profile](there), prices=PriceTable.of(region), assumed=assumed)
    _check_index(profile, stack)
    quiet = replace(stack, demand=replace(there, uploads_per_minute=0, searches_per_second=0))
    return Estimate(
        profile=profile,
        region=region,
        demand=demand,
        shape=stack.shape,
        assumed=assumed,
        lines=(*_lines(stack, demand.regions), *replication(stack, demand.regions)),
        idle_usd=sum(line.usd for line in (*_lines(quiet, demand.regions), *replication(quiet, demand.regions))),
        break_even=_break_even(stack),
    )


def _lines(stack: Stack, regions: int) -> list[Line]:
    lines = [line for part in ALL for line in part(stack)]
    return [replace(line, quantity=line.quantity * regions) for line in lines]


def _check_index(profile: str, stack: Stack) -> None:
    index = stack.shape.index
    if data_nodes(stack.demand.photos, index.instance_type, copies=1, zones=1) > index.nodes:
        raise InvalidRequestError(
            "photos",
            f"{stack.demand.photos:,} do not fit into the index of {profile} ({index.nodes} x {index.instance_type})"
            + ("; production grows with them" if profile == "starter" else ""),
        )


def _break_even(stack: Stack) -> BreakEven | None:
    instance, prices = stack.shape.cluster.instance_type, stack.prices.prices
    committed = prices.get(f"committed.{instance}")
    if committed is None:
        return None
    spot = prices.get(f"spot.{instance}")
    return BreakEven(
        instance_type=instance,
        on_demand=prices[f"ec2.{instance}"].usd,
        committed=committed.usd,
        spot=spot.usd if spot else None,
        lost_share=stack.assumed.spot_lost_share,
    )
