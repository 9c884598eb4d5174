import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final, Self

from lookalike.errors import InvalidRequestError

_FILE: Final = "prices.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD for one `unit` in one region. `page` is AWS's own; `source` says where the figure was read, and when.

    `verified` means that a program had read it from AWS's price list for the `source`; else somebody wrote it down.
    """

    key: str
    usd: float
    unit: str
    page: str
    source: str
    read: date
    verified: bool


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one region."""

    region: str
    prices: Mapping[str, Price]

    @classmethod
    def of(cls, region: str) -> Self:
        """The table of `region`, from the file beside this one. Raises `InvalidRequestError` for an unknown one."""
        content = tomllib.loads(files("lookalike.sizing").joinpath(_FILE).read_text(encoding="utf-8"))
        regions = content["regions"]
        if region not in regions:
            raise InvalidRequestError("region", f"no prices are known of {region!r}; known: {', '.join(regions)}")
        return cls(region, {key: _price(content, region, key) for key in content["prices"]})

    def __getitem__(self, key: str) -> Price:
        """The price under `key`. Raises `InvalidRequestError` naming the table's keys that look like it."""
        if key not in self.prices:
            family = key.split(".", maxsplit=1)[0]
            known = ", ".join(known for known in self.prices if known.startswith(f"{family}."))
            raise InvalidRequestError(
                "price", f"none is known of {key} in {self.region}; known: {known or 'none like it'}"
            )
        return self.prices[key]


def _price(content: Mapping[str, Any], region: str, key: str) -> Price:
    line, home = content["prices"][key], content["home"]
    raised = region not in line
    usd, name = line[home if raised else region]
    source = content["sources"][content["regions"][region]["raised"] if raised else name]
    return Price(
        key=key,
        usd=usd * source.get("factor", 1.0),
        unit=line["unit"],
        page=content["pages"][key.split(".", maxsplit=1)[0]],
        source=source["url"],
        read=source["read"],
        verified=source["verified"],
    )
