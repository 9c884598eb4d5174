from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import JsonOption
from lookalike.cli.session import Session
from lookalike.sizing.break_even import BreakEven
from lookalike.sizing.demand import HOURS_A_MONTH, Demand
from lookalike.sizing.estimate import Estimate
from lookalike.sizing.estimate import estimate as estimated
from lookalike.sizing.line import Line

_CENTS: Final = 2
_DIGITS: Final = 6


def estimate(
    context: typer.Context,
    *,
    profile: Annotated[str, typer.Option(help="starter or production, as the stack's configuration has it.")],
    photos: Annotated[int, typer.Option(metavar="N", help="Photos in the index.")],
    uploads_per_minute: Annotated[float, typer.Option(metavar="M", help="Photos uploaded a minute at the peak.")] = 30,
    searches_per_second: Annotated[float, typer.Option(metavar="S", help="Searches a second at the peak.")] = 2,
    regions: Annotated[int, typer.Option(metavar="R", help="Regions to serve from, each with all photos.")] = 1,
    region: Annotated[str, typer.Option(metavar="NAME", help="Whose prices: us-east-1, eu-central-1.")] = "us-east-1",
    peak_hours: Annotated[float, typer.Option(metavar="H", help="Hours of each day at the peak.")] = 4,
    as_json: JsonOption = False,
) -> ExitCode:
    """Estimate what a month in the cloud costs, by component, with spot savings and the break-even of committing.

    Outside its peak hours a day is taken to see a tenth of the peak.
    """
    session = Session.of(context)
    demand = Demand(
        photos=photos,
        uploads_per_minute=uploads_per_minute,
        searches_per_second=searches_per_second,
        regions=regions,
        peak_hours=peak_hours,
    )
    found = estimated(profile, demand, region=region)
    if as_json:
        session.print_json(estimate_as_json(found))
    else:
        _tell(session, found)
    return ExitCode.OK


def _tell(session: Session, found: Estimate) -> None:
    table = Table(
        "component", "what", title=f"{found.profile}: a month, USD before tax", box=None, title_justify="left"
    )
    for heading in ("quantity", "unit", "price", "cost", "on spot"):
        table.add_column(heading, justify="left" if heading == "unit" else "right")
    shown = ""
    for line in found.lines:
        table.add_row(line.component if line.component != shown else "", *_row(line))
        shown = line.component
    session.out.print(table)
    for component, usd in found.usd_by_component.items():
        session.out.print(f"{component:<10} {usd:>12,.{_CENTS}f}")
    session.out.print(f"{'total':<10} {found.usd:>12,.{_CENTS}f}")
    saved = f"{found.usd - found.usd_on_spot:,.{_CENTS}f} saved with nodes of the peak on spot"
    session.out.print(f"{'on spot':<10} {found.usd_on_spot:>12,.{_CENTS}f}   {saved}")
    session.out.print(f"{'idle':<10} {found.idle_usd:>12,.{_CENTS}f}   nothing uploaded, nothing searched")
    if found.break_even:
        session.out.print(_break_even(found.break_even))
    session.out.print(_provenance(found))


def _row(line: Line) -> tuple[str, ...]:
    price = f"{line.price.usd:.{_DIGITS}g}" + ("" if line.price.verified else " ?")
    on_spot = f"{line.usd_on_spot:,.{_CENTS}f}" if line.spot else ""
    return line.what, f"{line.quantity:,.{_CENTS}f}", line.price.unit, price, f"{line.usd:,.{_CENTS}f}", on_spot


def _break_even(found: BreakEven) -> str:
    of = f"of {HOURS_A_MONTH:.0f} hours a month"
    told = f"committing {found.instance_type} for a year ({found.committed:.4f} an hour) pays from "
    told += f"{found.hours_on_demand:.0f} {of} on ({found.on_demand:.4f} on demand)"
    if found.spot is None:
        return told
    if found.hours_on_spot is None:
        return f"{told}; where spot can be had ({found.spot:.4f}) it never does"
    return f"{told}; against spot ({found.spot:.4f}) from {found.hours_on_spot:.0f} on"


def _provenance(found: Estimate) -> str:
    doubtful = {line.price.key for line in found.lines if not line.price.verified}
    all_of_them = {line.price.key for line in found.lines}
    oldest = min(line.price.read for line in found.lines)
    return (
        f"prices of {found.region}, copied from public sources, the oldest of {oldest}; ? marks the {len(doubtful)} of "
        f"{len(all_of_them)} that nobody has checked against AWS's price list. --json names every source."
    )


def estimate_as_json(found: Estimate) -> dict[str, Any]:
    """All of an estimate, each price with its source; money in USD rounded to cents."""
    return {
        "profile": found.profile,
        "region": found.region,
        "demand": asdict(found.demand),
        "assumed": asdict(found.assumed),
        "shape": asdict(found.shape),
        "usd": round(found.usd, _CENTS),
        "usd_on_spot": round(found.usd_on_spot, _CENTS),
        "usd_idle": round(found.idle_usd, _CENTS),
        "usd_by_component": {name: round(usd, _CENTS) for name, usd in found.usd_by_component.items()},
        "lines": [_line_as_json(line) for line in found.lines],
        "break_even": _break_even_as_json(found.break_even) if found.break_even else None,
    }


def _line_as_json(line: Line) -> dict[str, Any]:
    price = asdict(line.price) | {"read": line.price.read.isoformat()}
    return {
        "component": line.component,
        "what": line.what,
        "quantity": round(line.quantity, _DIGITS),
        "usd": round(line.usd, _CENTS),
        "usd_on_spot": round(line.usd_on_spot, _CENTS),
        "price": price,
    }


def _break_even_as_json(found: BreakEven) -> dict[str, Any]:
    return asdict(found) | {"hours_on_demand": found.hours_on_demand, "hours_on_spot": found.hours_on_spot}
