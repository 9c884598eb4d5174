from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.labelled_folder import labelled_photos
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.progress import progress
from lookalike.cli.session import Session
from lookalike.domain.text import printable
from lookalike.errors import InvalidRequestError
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.evaluate import Evaluate, Evaluation, LabelledPhoto

_DIGITS: Final = 4


def evaluate(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, metavar="FOLDER", help="Photos as FOLDER/category/….jpg.")
    ],
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    as_json: JsonOption = False,
) -> ExitCode:
    """Measure how good a catalogue's answers to labelled photos are, how fast, and how much its index misses.

    An answer is right where its item is of the photo's category. Items that show the very bytes asked with are not
    counted as answers. Works on a folder's catalogue, not on a remote one.
    """
    from lookalike.embedded import EmbeddedCatalogue  # noqa: PLC0415 (loads the model's runtime)

    session = Session.of(context)
    photos = list(labelled_photos(folder))
    with session.open(catalogue) as target:
        if not isinstance(target, EmbeddedCatalogue):
            raise InvalidRequestError("catalogue", "a remote catalogue cannot be evaluated: name its folder")
        evaluation = Evaluate(target.find_similar, _scratch_index)(target.id, _shown(session, photos))
    if as_json:
        session.print_json(evaluation_as_json(evaluation))
    else:
        _tell(session, evaluation)
    return ExitCode.SOME_FAILED if evaluation.unusable else ExitCode.OK


@contextmanager
def _scratch_index() -> Iterator[VectorIndex]:
    from lookalike.adapters.embedded.stores import open_stores  # noqa: PLC0415 (likewise)

    with closing(open_stores(None)) as stores:
        yield stores.index


def _shown(session: Session, photos: list[LabelledPhoto]) -> Iterator[LabelledPhoto]:
    with progress(session.err, "asking", len(photos)) as advance:
        for done, photo in enumerate(photos):
            advance(done, f"{done} of {len(photos)} photos")
            yield photo


def evaluation_as_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as scripts read it."""
    return {
        **_rounded(asdict(evaluation.quality)),
        "by_category": {name: _rounded(asdict(one)) for name, one in evaluation.by_category.items()},
        "ann_recall_at_10": _rounded(evaluation.ann_recall_at_10),
        "stages_ms": {name: _rounded(asdict(one)) for name, one in evaluation.stages_ms.items()},
        "model": evaluation.model,
        "left_out": evaluation.left_out,
        "rejected": [asdict(one) for one in evaluation.unusable],
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in values.items()}


def _tell(session: Session, evaluation: Evaluation) -> None:
    quality = Table("category", "photos", "precision@10", "mAP", "accuracy", box=None, pad_edge=False)
    for name, one in (*evaluation.by_category.items(), ("all", evaluation.quality)):
        numbers = (one.precision_at_10, one.map, one.accuracy)
        quality.add_row(printable(name), str(one.photos), *(f"{number:.3f}" for number in numbers))
    session.out.print(quality)
    recall = ", ".join(f"{name} {value:.3f}" for name, value in evaluation.ann_recall_at_10.items())
    session.out.print(f"\nindex recall@10: {recall}")
    times = Table("milliseconds", "p50", "p95", box=None, pad_edge=False)
    for name, stage in evaluation.stages_ms.items():
        times.add_row(name, f"{stage.p50:.1f}", f"{stage.p95:.1f}")
    session.out.print(times)
    session.out.print(f"model: {evaluation.model}")
    for bad in evaluation.unusable:
        session.err.print(printable(f"{bad.source}: {bad.message} ({bad.code})"), soft_wrap=True)
