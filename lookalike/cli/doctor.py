from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import Session
from lookalike.domain.damage import Damage, Outcome
from lookalike.domain.text import printable
from lookalike.errors import CatalogueDamagedError, InvalidRequestError


def doctor(
    context: typer.Context,
    *,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what can be rebuilt from what is sound, and say what is lost.")
    ] = False,
    as_json: JsonOption = False,
) -> ExitCode:
    """Look for damage in a folder's catalogue: files, entries, labels, photos, uploads, counts.

    Reads every photo. Ends with 0 where all is sound or was repaired, with 1 where damage remains. Nobody else may
    have the catalogue open.
    """
    session = Session.of(context)
    found = [_tell(session, damage, as_json=as_json) for damage in _examine(session, catalogue, repair=repair)]
    counted = Counter(damage.outcome for damage in found)
    remains = counted[Outcome.FOUND] + counted[Outcome.LOST]
    if as_json:
        session.print_json({"sound": not remains, "damage": [asdict(damage) for damage in found]})
    else:
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items()))
        session.out.print(summary or "sound")
    return ExitCode.SOME_FAILED if remains else ExitCode.OK


def _examine(session: Session, catalogue: str, *, repair: bool) -> Iterable[Damage]:
    from lookalike.adapters.embedded.folder_checks import repair_secret  # noqa: PLC0415 (likewise)
    from lookalike.embedded import EmbeddedCatalogue  # noqa: PLC0415 (loads the model's runtime)

    if repair:
        yield from repair_secret(Path(catalogue))
    try:
        with session.open(catalogue) as opened:
            if not isinstance(opened, EmbeddedCatalogue):
                raise InvalidRequestError("catalogue", "a remote catalogue cannot be examined: name its folder")
            yield from opened.examine(repair=repair)
    except CatalogueDamagedError as error:
        yield Damage("catalogue", catalogue, str(error))


def _tell(session: Session, damage: Damage, *, as_json: bool) -> Damage:
    if not as_json:
        line = f"{damage.outcome}: {damage.kind} {damage.subject}: {damage.detail}"
        session.out.print(printable(line), soft_wrap=True)
    return damage
