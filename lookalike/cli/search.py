import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import Session
from lookalike.cli.where import parse_where
from lookalike.contract.models.search import SearchView
from lookalike.domain.item import ItemId
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.query import DEFAULT_K, MAX_K, ByItem, ByPhoto, Query, Region, Subject
from lookalike.domain.text import printable
from lookalike.errors import InvalidRequestError, PhotoRejectedError, Rejection
from lookalike.imaging.limits import Limits


def search(
    context: typer.Context,
    image: Annotated[str | None, typer.Argument(metavar="IMAGE", help="An image file; - is standard input.")] = None,
    *,
    item: Annotated[str | None, typer.Option(metavar="ID", help="Look for what is like this item.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FACET=VALUE[,…]", help="Only items with this label; FACET!=VALUE: without. Repeat: all."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="L,T,R,B", help="Only this part of IMAGE, in fractions of it: 0,0,1,0.5.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_K, help="How many items to find.")] = DEFAULT_K,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    as_json: JsonOption = False,
) -> ExitCode:
    """Find the items most like a photo or an item, among those that --where lets through."""
    session = Session.of(context)
    query = Query(_subject(image, item, region), parse_where(where or ()), k)
    with session.open(catalogue) as target:
        result = target.search(query)
    if as_json:
        session.print_json(result_as_json(result))
    else:
        _tell(session, result)
    return ExitCode.OK


def _subject(image: str | None, item: str | None, region: str | None) -> Subject:
    if (image is None) == (item is None):
        raise InvalidRequestError("subject", "give either an image file or --item ID")
    if item is not None:
        if region is not None:
            raise InvalidRequestError("region", "goes with an image")
        return ByItem(ItemId(item))
    return ByPhoto(_read(image or "-"), None if region is None else parse_region(region))


def _read(image: str) -> bytes:
    most = Limits().max_bytes
    try:
        if image == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(image).open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        raise InvalidRequestError("image", f"{image} cannot be read: {error.strerror or error}") from error
    if len(data) > most:
        raise PhotoRejectedError(Rejection.TOO_MANY_BYTES, f"{image} has more than {most:,} bytes")
    return data


def parse_region(text: str) -> Region:
    """Read ``left,top,right,bottom``. Raises `InvalidRequestError`."""
    parts = text.split(",")
    try:
        left, top, right, bottom = map(float, parts)
    except ValueError as error:
        raise InvalidRequestError("region", f"{text!r:.80} is not four numbers between commas") from error
    return Region(left, top, right, bottom)


def result_as_json(result: SearchResult) -> dict[str, Any]:
    """A search's answer as the API gives it, and the milliseconds of each stage."""
    stages = {name: round(took, 3) for name, took in result.stages_ms.items()}
    return {**SearchView.of(result).model_dump(mode="json"), "stages_ms": stages}


def _tell(session: Session, result: SearchResult) -> None:
    table = Table("", "score", "sure", "reason", "id", "title", "category", "labels", box=None, pad_edge=False)
    for one in result.neighbours:
        table.add_row(
            str(one.rank),
            f"{one.score:.3f}",
            f"{one.confidence:.0%}",
            str(one.reason).replace("_", " "),
            one.item.id,
            printable(one.item.title),
            one.item.category,
            " ".join(sorted(map(str, one.item.labels))),
        )
    session.out.print(table if result.neighbours else "nothing found")
    if result.guess is not None:
        session.err.print(f"looks like: {result.guess.category} ({result.guess.probability:.0%})")
    times = ", ".join(f"{name} {took:.1f}" for name, took in result.stages_ms.items())
    session.err.print(f"milliseconds: {times}")
