import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from inference.gate.criteria import Criteria
from inference.gate.verdict import Verdict
from lookalike.cli.exit_code import ExitCode
from lookalike.cli.session import Session
from lookalike.domain.text import printable
from lookalike.errors import InvalidRequestError

VERDICT: Final = "verdict.json"
_CODE: Final = frozenset({".py", ".pyc"})


def verify(
    context: typer.Context,
    repository: Annotated[Path, typer.Argument(exists=True, file_okay=False, metavar="REPO", help="As Triton's.")],
) -> ExitCode:
    """Say whether every model file of a repository has passed the gate: a verdict beside it names its digest."""
    session = Session.of(context)
    files = list(model_files(repository))
    if not files:
        raise InvalidRequestError("repo", f"{repository} holds no <model>/<version>/<file>")
    faults = unproven(repository)
    for fault in faults:
        session.out.print(printable(fault), style="red", soft_wrap=True)
    if not faults:
        session.out.print(f"{len(files)} of {len(files)} model files have passed the gate")
    return ExitCode.SOME_FAILED if faults else ExitCode.OK


def model_files(repository: Path) -> Iterator[Path]:
    """What Triton would load as weights: every file in ``<model>/<version>/`` but code, by name."""
    for path in sorted(repository.glob("*/*/**/*")):
        inside = path.relative_to(repository)
        if path.is_file() and inside.parts[1].isdecimal() and path.suffix not in _CODE and path.name != VERDICT:
            yield path


def unproven(repository: Path) -> list[str]:
    """A sentence for each model file without a passing verdict in its version's folder or its model's."""
    return [f"{path}: {fault}" for path in model_files(repository) if (fault := _fault(repository, path))]


def _fault(repository: Path, path: Path) -> str:
    model, version = path.relative_to(repository).parts[:2]
    places = (repository / model / version / VERDICT, repository / model / VERDICT)
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        return f"no {VERDICT} lies beside it"
    try:
        verdict = Verdict.read(place)
    except InvalidRequestError as error:
        return error.message
    if verdict.candidate.sha256 != hashlib.sha256(path.read_bytes()).hexdigest():
        return f"{place} is of another file"
    if not verdict.passed:
        return f"{place} refuses it for {', '.join(verdict.failed)}"
    held_to = {(outcome.name, outcome.bound, outcome.limit) for outcome in verdict.criteria}
    missing = [each.name for each in Criteria() if (each.name, each.bound, each.limit) not in held_to]
    return f"{place} was not held to today's {', '.join(missing)}" if missing else ""
