import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import Session
from lookalike.contract.models.status import StatusView
from lookalike.domain.catalogue import CatalogueStatus


def status(
    context: typer.Context, catalogue: CatalogueOption = DEFAULT_CATALOGUE, as_json: JsonOption = False
) -> ExitCode:
    """Show what a catalogue holds: items, photos, uploads by state, generations of the index, size on disk."""
    session = Session.of(context)
    with session.open(catalogue) as source:
        found = source.status()
    if as_json:
        session.print_json(StatusView.of(found).model_dump(mode="json"))
    else:
        _tell(session, found)
    return ExitCode.OK


def _tell(session: Session, found: CatalogueStatus) -> None:
    uploads = ", ".join(f"{count} {state}" for state, count in found.uploads.items() if count)
    session.out.print(f"catalogue  {found.catalogue}")
    session.out.print(f"items      {found.items:,}")
    session.out.print(f"photos     {found.photos:,}")
    session.out.print(f"uploads    {uploads or 'none'}")
    session.out.print(f"on disk    {found.bytes_on_disk / 1e6:,.1f} MB")
    for one in found.generations:
        live = "live" if one.live else "not live"
        session.out.print(f"index      generation {one.number}, {live}: {one.entries:,} entries of {one.model}")
