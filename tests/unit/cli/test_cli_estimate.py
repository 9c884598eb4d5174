import json

import pytest
from cli_harness import Run

SMALL = ("estimate", "--profile", "starter", "--photos", 50_000)


def test_a_month_is_told_by_component_with_total_spot_idle_and_break_even(run: Run) -> None:
    ran = run("estimate", "--profile", "production", "--photos", 1_000_000, "--uploads-per-minute", 15_000)
    assert ran.code == 0, ran.err
    for expected in (
        "g6.xlarge",
        "NAT gateways",
        "to shoppers",
        "total",
        "on spot",
        "idle",
        "for a year",
        "nobody has checked",
    ):
        assert expected in ran.out, expected
    assert not ran.err


def test_json_has_every_line_with_its_source(run: Run) -> None:
    ran = run(*SMALL, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["usd"] == pytest.approx(sum(found["usd_by_component"].values()), abs=0.1)
    assert all(line["price"]["source"] and line["price"]["read"] for line in found["lines"])
    assert found["break_even"]["instance_type"] == "c7i.large"


def test_regions_add_what_copying_costs(run: Run) -> None:
    found = json.loads(run(*SMALL, "--regions", 2, "--json").out)
    assert found["usd_by_component"]["regions"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "huge", "--photos", 5), "profile: must be one of starter, production"),
        (("--profile", "starter", "--photos", -5), "photos: must be between 0 and"),
        (("--profile", "starter", "--photos", 5, "--uploads-per-minute", -1), "uploads_per_minute: must be between"),
        (("--profile", "starter", "--photos", 5, "--searches-per-second", "nan"), "searches_per_second: must be"),
        (("--profile", "starter", "--photos", 5, "--regions", 99), "regions: must be between 1 and 8"),
        (("--profile", "starter", "--photos", 5, "--region", "mars-1"), "no prices are known of 'mars-1'"),
        (("--profile", "starter", "--photos", 10**8), "do not fit into the index of starter"),
    ],
)
def test_bad_values_get_a_sentence(run: Run, arguments: tuple[object, ...], said: str) -> None:
    ran = run("estimate", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert not ran.out


def test_a_number_that_is_none_is_refused(run: Run) -> None:
    ran = run("estimate", "--profile", "starter", "--photos", "many")
    assert ran.code == 2
    assert "photos" in ran.err
