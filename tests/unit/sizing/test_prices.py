import tomllib
from datetime import date
from importlib.resources import files

import pytest

from lookalike.errors import InvalidRequestError
from lookalike.sizing.price_table import PriceTable
from lookalike.sizing.priced import priced_components

CONTENT = tomllib.loads(files("lookalike.sizing").joinpath("prices.toml").read_text(encoding="utf-8"))
REGIONS = list(CONTENT["regions"])


@pytest.mark.parametrize("region", REGIONS)
def test_every_price_says_where_and_when_it_was_read(region: str) -> None:
    table = PriceTable.of(region)
    assert len(table.prices) > 50
    for price in table.prices.values():
        assert price.usd > 0, price.key
        assert price.unit, price.key
        assert price.page.startswith("https://aws.amazon.com/"), price.key
        assert price.source.startswith("https://"), price.key
        assert date(2024, 1, 1) <= price.read <= date(2030, 1, 1), price.key


def test_both_kinds_of_price_are_there_so_that_the_mark_means_something() -> None:
    assert {price.verified for price in PriceTable.of("us-east-1").prices.values()} == {True, False}


def test_no_source_is_left_unused() -> None:
    used = {line[region][1] for line in CONTENT["prices"].values() for region in REGIONS if region in line}
    used |= {about["raised"] for about in CONTENT["regions"].values()}
    assert used == set(CONTENT["sources"])


def test_a_price_unknown_in_frankfurt_is_virginia_s_raised_and_marked() -> None:
    home, raised = PriceTable.of("us-east-1")["lambda.requests"], PriceTable.of("eu-central-1")["lambda.requests"]
    assert raised.usd == pytest.approx(1.2505 * home.usd)
    assert home.verified
    assert not raised.verified


def test_a_price_known_in_frankfurt_is_its_own() -> None:
    assert PriceTable.of("eu-central-1")["ec2.g6.xlarge"].usd == 1.0064


def test_a_price_that_is_not_there_names_its_family() -> None:
    with pytest.raises(InvalidRequestError, match=r"opensearch\.r8g.*known:.*opensearch\.r7g\.large\.search"):
        PriceTable.of("us-east-1")["opensearch.r8g.large.search"]


def test_whatever_a_resource_follows_has_a_price() -> None:
    table = PriceTable.of("us-east-1")
    for token, keys in priced_components().items():
        assert keys, token
        assert all(table[key].usd for key in keys), token
