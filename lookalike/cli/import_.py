from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.run_import import run_import
from lookalike.cli.session import Session, printable
from lookalike.cli.sources import SourceOptions, open_source
from lookalike.cli.tally import Tally


def import_photos(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(exists=True, metavar="SOURCE", help="A folder of photos, or a .csv, .tsv or .jsonl file."),
    ],
    *,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="The category of items that name none themselves.")
    ] = None,
    category_from_folder: Annotated[
        bool, typer.Option("--category-from-folder", help="The first folder below SOURCE names the category.")
    ] = False,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Photos may lie outside SOURCE's folder.")
    ] = False,
    events: Annotated[
        typer.FileTextWrite | None,
        typer.Option(encoding="utf-8", metavar="FILE", help="Write a line of JSON for each photo (- is stdout)."),
    ] = None,
    errors: Annotated[
        typer.FileTextWrite | None,
        typer.Option(encoding="utf-8", metavar="FILE", help="Write a line of JSON for each error."),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode:
    """Bring photos in. Running it again does only what is missing.

    A FOLDER is searched for image files, each an item of its own; its id is its place below the folder
    (dress/red.jpg becomes dress:red). A CSV has a header with id, photo or photos (paths from the file's folder,
    separated by ;), and any of category, title, labels (facet:value, separated by ;), url, attributes (a JSON
    object) and attr.NAME. A JSONL has the same fields as JSON, labels and photos as lists.

    Photos are read from files, never fetched from addresses. An entry that is wrong is reported and the rest goes on.
    """
    session = Session.of(context)
    options = SourceOptions(category, category_from_folder, allow_outside)
    tally = Tally(events, errors)
    with closing(open_source(source, options)) as opened, session.open(catalogue, create=True) as target:
        complete = run_import(target, opened, tally, session.err)
    if as_json:
        session.print_json({"source": str(source), **tally.summary(), "interrupted": not complete})
    else:
        _tell(session, tally, complete=complete)
    if not complete:
        return ExitCode.INTERRUPTED
    return ExitCode.SOME_FAILED if tally.wrong else ExitCode.OK


def _tell(session: Session, tally: Tally, *, complete: bool) -> None:
    summary = tally.summary()
    for error in tally.kept:
        session.err.print(printable(f"{error.source}: {error.message} ({error.code})"), soft_wrap=True)
    if summary["errors_left_out"]:
        session.err.print(f"… and {summary['errors_left_out']} more; --errors FILE writes them all")
    if complete and not tally.settled:
        session.err.print("there was nothing to import")
    session.out.print(
        f"{summary['imported']} imported, {summary['already_there']} already there, "
        f"{summary['rejected']} rejected, {summary['failed']} failed "
        f"in {summary['seconds']:.1f} s ({summary['photos_per_second']:.1f} photos/s)"
    )
    if not complete:
        session.err.print("stopped; the same command goes on where it ended")
