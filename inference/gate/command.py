from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from inference.gate.criteria import Criteria
from inference.gate.examine import Examination
from inference.gate.table import table
from inference.gate.verdict import Verdict
from lookalike.cli.exit_code import ExitCode
from lookalike.cli.progress import progress
from lookalike.cli.session import Session
from lookalike.domain.text import printable

_Model = typer.Argument(exists=True, dir_okay=False, metavar="CANDIDATE", help="The ONNX file to be served.")
_Current = typer.Option("--against", exists=True, dir_okay=False, metavar="CURRENT", help="The ONNX file that is.")
_Photos = typer.Option(exists=True, file_okay=False, metavar="DIR", help="Neither learned from: DIR/category/photo.")
_Catalogue = typer.Option(exists=True, file_okay=False, metavar="DIR", help="Searched for them; else themselves.")
_Json = typer.Option("--json", dir_okay=False, metavar="FILE", help="Write the verdict there.")


def gate(
    context: typer.Context,
    candidate: Annotated[Path, _Model],
    *,
    current: Annotated[Path, _Current],
    photos: Annotated[Path, _Photos],
    catalogue: Annotated[Path | None, _Catalogue] = None,
    json: Annotated[Path | None, _Json] = None,
    parity: Annotated[bool, typer.Option("--parity", help="It claims to be CURRENT in another precision.")] = False,
    max_size_mb: Annotated[float | None, typer.Option(min=0, metavar="MB", help="Of the file, 10^6 bytes.")] = None,
    min_speed_ratio: Annotated[float | None, typer.Option(min=0, metavar="X", help="Times as fast as CURRENT.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of each model.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="How often both are timed in turn.")] = 20,
) -> ExitCode:
    """Measure a candidate beside the current model; refuse it where it breaks the contract or loses quality."""
    session = Session.of(context)
    examination = Examination(photos, catalogue, partial(progress, session.err), threads, rounds)
    verdict = examination(candidate, current, Criteria(parity, max_size_mb, min_speed_ratio))
    if json:
        verdict.write(json)
    _tell(session, verdict)
    return ExitCode.OK if verdict.passed else ExitCode.SOME_FAILED


def _tell(session: Session, verdict: Verdict) -> None:
    session.out.print(table(verdict))
    searched = f"{verdict.catalogue.photos} others" if verdict.catalogue else "each other"
    session.out.print(f"\n{verdict.photos.photos} photos searched {searched}")
    told = "passed" if verdict.passed else f"refused for {', '.join(verdict.failed)}"
    session.out.print(printable(told), style=None if verdict.passed else "red")
