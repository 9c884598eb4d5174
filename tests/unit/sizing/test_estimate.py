from dataclasses import replace

import pytest

from lookalike.errors import InvalidRequestError
from lookalike.sizing.assumptions import Assumptions
from lookalike.sizing.break_even import BreakEven
from lookalike.sizing.demand import Demand
from lookalike.sizing.estimate import Estimate, estimate

SMALL = Demand(photos=50_000, uploads_per_minute=30, searches_per_second=2)
LARGE = Demand(photos=5_000_000, uploads_per_minute=15_000, searches_per_second=300)


def line(of: Estimate, component: str, what: str) -> float:
    found = [line.usd for line in of.lines if line.component == component and what in line.what]
    assert found, f"no line {component}: {what}"
    return sum(found)


def test_the_total_is_the_sum_of_its_components() -> None:
    found = estimate("production", LARGE)
    assert found.usd == pytest.approx(sum(found.usd_by_component.values()))


@pytest.mark.parametrize("profile", ["starter", "production"])
def test_every_component_of_the_design_is_on_the_bill(profile: str) -> None:
    everywhere = {"functions", "photos", "tables", "queues", "index", "cluster", "network", "api", "website", "watch"}
    parts = set(estimate(profile, SMALL).usd_by_component)
    assert parts == everywhere | ({"cache"} if profile == "production" else set())


def test_a_line_is_its_quantity_at_its_price() -> None:
    found = estimate("starter", SMALL)
    # One t3.medium.search for 730 hours at 0.073; a control plane at 0.10.
    assert line(found, "index", "t3.medium.search") == pytest.approx(730 * 0.073)
    assert line(found, "cluster", "control plane") == pytest.approx(73.0)


def test_more_of_anything_never_costs_less() -> None:
    one = estimate("production", SMALL).usd
    assert estimate("production", replace(SMALL, photos=500_000)).usd > one
    assert estimate("production", replace(SMALL, uploads_per_minute=300)).usd > one
    assert estimate("production", replace(SMALL, searches_per_second=20)).usd > one
    assert estimate("production", replace(SMALL, regions=2)).usd > one


def test_nothing_done_costs_what_stands_idle() -> None:
    still = replace(SMALL, uploads_per_minute=0, searches_per_second=0)
    found = estimate("starter", still)
    assert found.usd == pytest.approx(found.idle_usd)
    assert found.idle_usd < estimate("starter", SMALL).usd


def test_what_goes_out_to_shoppers_is_on_the_bill() -> None:
    found = estimate("starter", SMALL)
    asked = 2 * 3600 * 6 * 365 / 12  # four hours at the peak, twenty at a tenth of it
    assert line(found, "network", "to shoppers") == pytest.approx(asked * (6 + 10 * 12) / 1e6 * 0.09)


def test_spot_saves_at_the_peak_and_only_there() -> None:
    found = estimate("production", LARGE)
    saved = [line for line in found.lines if line.usd_on_spot < line.usd]
    assert [line.what for line in saved] == [one for one in (line.what for line in saved) if "at the peak" in one]
    assert found.usd - found.usd_on_spot == pytest.approx(sum(one.usd - one.usd_on_spot for one in saved))
    assert saved


def test_photos_grow_the_index_of_production() -> None:
    nodes = [estimate("production", replace(SMALL, photos=n)).shape.index.nodes for n in (10**5, 10**7, 10**8)]
    assert nodes == sorted(set(nodes))
    assert all(count % 3 == 0 for count in nodes)


def test_more_photos_than_starter_holds_are_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidRequestError, match=r"photos: 5,000,000 do not fit .* production grows"):
        estimate("starter", replace(SMALL, photos=5_000_000))


def test_each_region_stands_whole_and_searches_are_shared() -> None:
    one, two = estimate("production", SMALL), estimate("production", replace(SMALL, regions=2))
    assert line(two, "index", "search") == pytest.approx(2 * line(one, "index", "search"))
    assert line(two, "functions", "search, memory") == pytest.approx(line(one, "functions", "search, memory"))
    assert line(two, "regions", "originals to other regions") > 0


def test_frankfurt_is_not_cheaper_than_virginia() -> None:
    for profile in ("starter", "production"):
        assert estimate(profile, SMALL, region="eu-central-1").usd > estimate(profile, SMALL).usd


def test_assumptions_can_be_one_s_own() -> None:
    heavy = Assumptions(original_mb=20)
    assert estimate("starter", SMALL, assumed=heavy).usd > estimate("starter", SMALL).usd


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("photos", -1),
        ("uploads_per_minute", float("nan")),
        ("searches_per_second", float("inf")),
        ("regions", 0),
        ("peak_hours", 25),
        ("quiet_share", 1.1),
    ],
)
def test_a_demand_that_cannot_be_is_named(field: str, value: float) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{field}: must be between"):
        replace(SMALL, **{field: value})  # type: ignore[arg-type]


def test_committing_breaks_even_where_both_cost_the_same() -> None:
    found = BreakEven(instance_type="g6.xlarge", on_demand=1.0, committed=0.73, spot=None, lost_share=0.05)
    assert found.hours_on_demand * found.on_demand == pytest.approx(730 * found.committed)
    assert found.hours_on_spot is None


def test_committing_pays_against_dear_spot_alone() -> None:
    dear = BreakEven(instance_type="g6.xlarge", on_demand=1.0, committed=0.5, spot=0.8, lost_share=0.25)
    assert dear.hours_on_spot == pytest.approx(365)
    assert replace(dear, spot=0.3).hours_on_spot is None


def test_a_commitment_dearer_than_on_demand_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="committed"):
        BreakEven(instance_type="g6.xlarge", on_demand=1.0, committed=1.1, spot=None, lost_share=0)
