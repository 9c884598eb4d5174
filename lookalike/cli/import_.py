from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.named import Named
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.run_import import Rules, Target, find_item, run_import
from lookalike.cli.session import Session
from lookalike.cli.sources import Source, SourceOptions, open_source
from lookalike.cli.sync import DryRun, remove_left_over
from lookalike.cli.tally import Tally
from lookalike.connect import MEMORY
from lookalike.domain.label import CATEGORY, Label
from lookalike.domain.text import printable
from lookalike.errors import InvalidRequestError, NotFoundError
from lookalike.ports.catalogue import Catalogue

_TABLE: Final = "of a table or JSON Lines file"


@dataclass(slots=True)
class _Run:
    """One import: what it was told to do, and how far it came."""

    session: Session
    source: Path
    rules: Rules
    tally: Tally
    named: Named
    sync: bool
    dry: bool
    yes: bool
    began: bool = False
    complete: bool = False
    refused: bool = False
    left_over_items: int = 0
    warnings: list[str] = field(default_factory=list)

    def bring(self, catalogue: Catalogue, source: Source) -> None:
        """Bring the source in and take out what it no longer names, or count that."""
        self.began = True
        target: Target = DryRun(catalogue) if self.dry else catalogue
        self.complete = run_import(target, source, self.tally, self.named, self.session.err, rules=self.rules)
        self.warnings = source.warnings()
        if not self.complete or not self.named.photos:
            return  # an interrupted import says nothing of what is missing, nor does a source without a photo
        if self.sync:
            self.refused = not remove_left_over(target, self.named, self.tally, self.rules.scope, self._agrees)
        elif self.rules.scope is None and self.named.complete and not self.dry:
            self.left_over_items = self._count_left_over(catalogue)

    def _count_left_over(self, catalogue: Catalogue) -> int:
        """How many items of the catalogue the source does not name."""
        unsettled = sum(find_item(catalogue, item) is not None for item in self.named.unsettled())
        return max(0, catalogue.status().items - self.named.items - unsettled)

    def _agrees(self, question: str) -> bool:
        return self.yes or self.dry or self.session.agrees(question)

    def summary(self) -> dict[str, Any]:
        """What is known, as scripts read it."""
        told = self.complete and (self.refused or not self.sync)  # else nothing is known of it, or nothing is left
        return {
            "source": str(self.source),
            **self.tally.summary(),
            "left_over_items": self.left_over_items,
            "left_over_photos": self.named.left_over if told else 0,
            "removal_refused": self.refused,
            "warnings": self.warnings,
            "dry_run": self.dry,
            "interrupted": not self.complete,
        }

    @property
    def exit_code(self) -> ExitCode:
        """What the command says to its script."""
        if not self.complete:
            return ExitCode.INTERRUPTED
        return ExitCode.SOME_FAILED if self.tally.wrong or self.refused else ExitCode.OK


def import_photos(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(exists=True, metavar="SOURCE", help="A folder of photos, or a .csv, .tsv, .txt or .jsonl file."),
    ],
    *,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="The category of new items that name none themselves.")
    ] = None,
    category_from_folder: Annotated[
        bool, typer.Option("--category-from-folder", help="The first folder below SOURCE names the category.")
    ] = False,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Photos may lie outside SOURCE's folder.")
    ] = False,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"The encoding {_TABLE}, where it is not found out: cp1250, …")
    ] = None,
    ignore_columns: Annotated[
        bool, typer.Option("--ignore-columns", help="Leave out columns of a table whose names are not known.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help=f"A row {_TABLE} says everything: what it does not name is cleared.")
    ] = False,
    sync: Annotated[
        bool, typer.Option("--sync", help="Afterwards remove the items and photos that SOURCE does not name.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove many without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; tell what would be done, but for photos' own faults.")
    ] = False,
    events: Annotated[
        typer.FileTextWrite | None,
        typer.Option(encoding="utf-8", metavar="FILE", help="Write a line of JSON for each entry (- is stdout)."),
    ] = None,
    errors: Annotated[
        typer.FileTextWrite | None,
        typer.Option(encoding="utf-8", metavar="FILE", help="Write a line of JSON for each error."),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode:
    """Bring photos in, or change what is said of items. Running it again does only what is missing.

    A FOLDER is searched for image files, each an item of its own; its id is its place below the folder
    (dress/red.jpg becomes dress:red). A CSV has a header with id and any of photo or photos (paths from the file's
    folder, separated by ;), category, title, labels (facet:value, separated by ;), url, attributes (a JSON object)
    and attr.NAME. A JSONL has the same fields as JSON, labels and photos as lists. Rows of one id are one item. What
    has no column, or an empty cell, stays as it is.

    Photos are read from files, never fetched from addresses. An entry that is wrong is reported and the rest goes on.
    """
    session = Session.of(context)
    options = SourceOptions(category, category_from_folder, allow_outside, encoding, ignore_columns)
    folder = source.is_dir()
    if folder and (replace or encoding or ignore_columns):
        raise InvalidRequestError("source", "--replace, --encoding and --ignore-columns go with a table, not a folder")
    scope = Label(CATEGORY, category).value if folder and category and not category_from_folder else None
    rules = Rules(category, replace, one_photo=folder, replaces_photos=sync, scope=scope)
    with closing(Named()) as named:
        run = _Run(session, source, rules, Tally(events, errors), named, sync=sync, dry=dry_run, yes=yes)
        try:
            with closing(open_source(source, options)) as opened, _open(session, catalogue, dry=dry_run) as target:
                run.bring(target, opened)
        finally:
            if run.began:  # the counts are true on the way to an error, too
                _report(session, run, as_json=as_json)
    return run.exit_code


@contextmanager
def _open(session: Session, where: str, *, dry: bool) -> Iterator[Catalogue]:
    """The catalogue; of a dry run, where there is none, an empty one."""
    try:
        opened = session.open(where, create=not dry)
    except NotFoundError:
        opened = session.open(MEMORY)
    with opened as catalogue:
        yield catalogue


def _report(session: Session, run: _Run, *, as_json: bool) -> None:
    summary = run.summary()
    _tell_what_to_know(session, run)
    if as_json:
        session.print_json(summary)
    else:
        _tell(session, run, summary)


def _tell_what_to_know(session: Session, run: _Run) -> None:
    for warning in run.warnings:
        session.err.print(printable(f"{run.source.name}: {warning}"), soft_wrap=True)
    if run.refused:
        session.err.print("nothing was removed, for it is much: --dry-run tells what, --yes agrees to it")
    if run.sync and run.complete and not run.named.complete:
        session.err.print("no items were removed, for some of the source could not be read")


def _tell(session: Session, run: _Run, summary: dict[str, Any]) -> None:
    for error in run.tally.kept:
        session.err.print(printable(f"{error.source}: {error.message} ({error.code})"), soft_wrap=True)
    if summary["errors_left_out"]:
        session.err.print(f"… and {summary['errors_left_out']} more; --errors FILE writes them all")
    if run.complete and not run.tally.settled:
        session.err.print("there was nothing to import")
    _tell_counts(session, summary, dry=run.dry)
    _tell_rest(session, run, summary)


def _tell_counts(session: Session, summary: dict[str, Any], *, dry: bool) -> None:
    removed = f", {summary['removed_items']} items and {summary['removed_photos']} photos removed"
    session.out.print(
        f"{'would be: ' if dry else ''}{summary['imported']} imported, {summary['already_there']} already there, "
        f"{summary['updated']} updated, {summary['rejected']} rejected, {summary['failed']} failed"
        f"{removed if summary['removed_items'] or summary['removed_photos'] else ''} "
        f"in {summary['seconds']:.1f} s ({summary['photos_per_second']:.1f} entries/s)",
        soft_wrap=True,
    )


def _tell_rest(session: Session, run: _Run, summary: dict[str, Any]) -> None:
    if run.tally.skipped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in run.tally.skipped.items())
        session.err.print(f"files passed over: {reasons}; --events FILE lists them", soft_wrap=True)
    photos, items = summary["left_over_photos"], summary["left_over_items"]
    if photos or items:
        session.err.print(
            f"left over in the catalogue: {photos} photos of these items and {items} items that the source does not "
            "name; --sync removes them, --sync --dry-run tells which",
            soft_wrap=True,
        )
    for one in run.tally.removed if run.dry else ():
        session.out.print(f"would remove {one.item if one.photo is None else f'photo {one.photo} of {one.item}'}")
    if not run.complete:
        session.err.print("stopped; the same command goes on where it ended")
