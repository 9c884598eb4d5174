"""What `pulumi up` would make, without any credentials: ``python -m infra.plan --profile production``."""

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its stubs would be one more dependency, for one call
from rich.console import Console
from rich.table import Table

from infra.config import ConfigError, StackConfig, read_config
from infra.config.profiles import LEFT_OUT_OF_STARTER
from infra.inventory import Part, parts_of
from lookalike.errors import InvalidRequestError
from lookalike.sizing.demand import Demand
from lookalike.sizing.estimate import Estimate, estimate

ROOT: Final = Path(__file__).resolve().parent.parent


def main(
    arguments: Sequence[str] | None = None, *, draw: Callable[[dict[str, Any], str], list[Part]] | None = None
) -> int:
    """Print the plan, drawn by `draw`; 1, with a sentence, where the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m infra.plan", description=__doc__)
    parser.add_argument("--profile", default="starter", help="starter, production, or any stack with a file here")
    asked = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        values = stack_file(asked.profile)
        config = read_config(values)
    except (ConfigError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 1
    parts = (draw or planned)(values, asked.profile)
    console.print(overview(config, parts))
    if config.profile == "starter":
        console.print(left_out())
    console.print(f"{sum(part.count for part in parts)} resources, of which nothing has been made\n")
    console.print("A month at the profile's own sizes, USD before tax (`lookalike estimate` shows each line)")
    console.print(monthly(config))
    return 0


def stack_file(stack: str) -> dict[str, Any]:
    """The configuration in ``Pulumi.<stack>.yaml``. Raises `OSError`."""
    config: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return config


def planned(values: dict[str, Any], stack: str) -> list[Part]:
    """Every component of a stack, region by region."""
    with warnings.catch_warnings():
        # pulumi_aws, on being imported, tells of the resources that it keeps under their old names.
        warnings.simplefilter("ignore", DeprecationWarning)
        from infra.rehearsal.sketch import sketch  # noqa: PLC0415 - Pulumi takes seconds to load

        return parts_of(sketch(values, stack=stack))


def overview(config: StackConfig, parts: Sequence[Part]) -> Table:
    """One line a component: where it is, how many resources it has, and how large what costs money is."""
    title = f"{config.profile}: {', '.join(config.regions)}, {config.photos_expected:,} photos"
    table = Table("region", "component", "name", title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("resources", justify="right")
    table.add_column("sizes")
    region = ""
    for part in parts:
        table.add_row(part.region if part.region != region else "", part.kind, part.name, str(part.count), part.sizes)
        region = part.region
    return table


def left_out() -> Table:
    """What `starter` goes without, and why."""
    table = Table("left out", "why", box=None, pad_edge=False)
    for what, why in LEFT_OUT_OF_STARTER.items():
        table.add_row(what, why)
    return table


def monthly(config: StackConfig) -> Table | str:
    """The month's cost by component, or why it is not known."""
    demand = Demand(
        photos=config.photos_expected,
        uploads_per_minute=config.uploads_per_minute,
        searches_per_second=config.searches_per_second,
        regions=len(config.regions),
    )
    try:
        found = estimate(config.profile, demand, region=config.home)
    except InvalidRequestError as error:
        return f"no monthly estimate: {error}"
    return _priced(found)


def _priced(found: Estimate) -> Table:
    table = Table("component", box=None, pad_edge=False)
    table.add_column("USD", justify="right")
    for component, usd in found.usd_by_component.items():
        table.add_row(component, f"{usd:,.0f}")
    table.add_row("total", f"{found.usd:,.0f}")
    table.add_row("with nodes of the peak on spot", f"{found.usd_on_spot:,.0f}")
    table.add_row("idle: nothing uploaded, nothing searched", f"{found.idle_usd:,.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
