from typing import Annotated

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import Session
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import InvalidRequestError


def remove(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(metavar="ITEM…", help="The ids of items.")],
    *,
    photo: Annotated[
        list[str] | None,
        typer.Option(metavar="SHA256", help="Only this photo of the one item named: its file's SHA-256. Repeat: more."),
    ] = None,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    as_json: JsonOption = False,
) -> ExitCode:
    """Take items out with all their photos, or single photos of one item.

    Removing again changes nothing. The exit code is 3 where something named was not there; the rest is removed.
    """
    session = Session.of(context)
    ids, photos = [ItemId(item) for item in items], [PhotoId(one.lower()) for one in photo or ()]
    if photos and len(ids) > 1:
        raise InvalidRequestError("photo", "goes with one item")
    with session.open(catalogue) as target:
        if photos:
            removed: list[str] = [one for _, one in target.remove_photos([(ids[0], one) for one in photos])]
        else:
            removed = list(target.remove_items(ids))
    missing = [one for one in dict.fromkeys(photos or ids) if one not in removed]
    if as_json:
        session.print_json({"removed": removed, "not_there": missing})
    else:
        session.out.print(f"{len(removed)} {'photos' if photos else 'items'} removed")
        for one in missing:
            session.err.print(f"not there: {one}")
    return ExitCode.NOT_FOUND if missing else ExitCode.OK
