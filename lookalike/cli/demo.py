import json
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.named import Named
from lookalike.cli.options import JsonOption
from lookalike.cli.progress import progress
from lookalike.cli.run_import import run_import
from lookalike.cli.serve import LOOPBACK, PORT, serve_until_stopped
from lookalike.cli.session import Session
from lookalike.cli.showcase.ask import Answer, ask
from lookalike.cli.showcase.drawn_shop import drawn_shop
from lookalike.cli.showcase.figures import figures
from lookalike.cli.showcase.own_shop import own_shop
from lookalike.cli.showcase.sheet import ROWS, write_sheet
from lookalike.cli.showcase.shop import Shop
from lookalike.cli.tally import Tally, Verdict
from lookalike.domain.text import printable
from lookalike.ports.catalogue import Catalogue

_ASKED: Final = 40
_SHEET: Final = "contact-sheet.jpg"
_REPORT: Final = "report.json"


def demo(
    context: typer.Context,
    *,
    photos: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, metavar="DIR", help="Use these photos instead of drawn ones."),
    ] = None,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where everything is kept.")] = Path("demo"),
    count: Annotated[int, typer.Option(min=10, max=100_000, help="How many garments to draw.")] = 300,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page and API afterwards.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where to serve; 0 picks a free port.")] = PORT,
    as_json: JsonOption = False,
) -> ExitCode:
    """Show what Lookalike does: fill a shop, ask with photos it has not seen, report, and serve it.

    The shop is drawn, garment by garment, or made of your own photos (the first folder names the category; one in
    ten is kept aside to ask with). Everything is kept in --folder; running it again goes on from there.
    """
    session = Session.of(context)
    shop = _make_shop(session, photos, folder, count)
    with session.open(str(shop.catalogue), create=True) as catalogue:
        tally = Tally()
        with closing(Named()) as named:
            complete = run_import(catalogue, shop, tally, named, session.err)
        if not complete:
            session.err.print(f"stopped: {tally.counts[Verdict.IMPORTED]} photos imported; the same command goes on")
            return ExitCode.INTERRUPTED
        answers, unusable = _ask(session, catalogue, shop)
        report = {"catalogue": str(shop.catalogue), "import": tally.summary(), **figures(answers)}
        write_sheet(folder / _SHEET, catalogue, answers)
        whole = {**report, "unusable": unusable, "contact_sheet": str(folder / _SHEET), "answers": _answers(answers)}
        (folder / _REPORT).write_text(json.dumps(whole, indent=1), encoding="utf-8")
        if as_json:
            session.print_json(whole)
        else:
            _tell(session, folder, tally, answers, report)
            _tell_left_out(session, tally, unusable)
        if serve:
            tell = session.err if as_json else session.out
            serve_until_stopped(
                catalogue, LOOPBACK, port, None, lambda at: tell.print(f"serving at {at['url']} (Ctrl-C stops)")
            )
    return ExitCode.OK  # a folder's bad files are told of and in the report; the show went on without them


def _tell_left_out(session: Session, tally: Tally, unusable: list[dict[str, str]]) -> None:
    for error in tally.kept:
        session.err.print(printable(f"left out: {error.source}: {error.message}"), soft_wrap=True)
    for photo in unusable:
        session.err.print(printable(f"left out: {photo['source']}: {photo['message']}"), soft_wrap=True)


def _make_shop(session: Session, photos: Path | None, folder: Path, count: int) -> Shop:
    if photos is not None:
        shop = own_shop(photos, folder, _ASKED)
    else:
        shop, drawing = drawn_shop(folder / f"drawn-{count}", count, _ASKED)
        with progress(session.err, "drawing", len(drawing)) as advance:
            drawing(advance)
    shop.catalogue.parent.mkdir(parents=True, exist_ok=True)
    return shop


def _ask(session: Session, catalogue: Catalogue, shop: Shop) -> tuple[list[Answer], list[dict[str, str]]]:
    answers: list[Answer] = []
    unusable: list[dict[str, str]] = []
    with progress(session.err, "asking", len(shop.unseen)) as advance:
        for done, answer in enumerate(ask(catalogue, shop.unseen), start=1):
            if isinstance(answer, Answer):
                answers.append(answer)
            else:
                unusable.append({"source": str(answer[0].path), "message": answer[1]})
            advance(done, f"{done} of {len(shop.unseen)} searches")
    return answers, unusable


def _answers(answers: list[Answer]) -> list[dict[str, Any]]:
    return [
        {
            "photo": str(answer.photo.path),
            "shows": answer.photo.caption,
            "neighbours": [
                {"item": n.item.id, "title": n.item.title, "score": round(n.score, 4), "reason": str(n.reason)}
                for n in answer.neighbours
            ],
        }
        for answer in answers
    ]


def _tell(session: Session, folder: Path, tally: Tally, answers: list[Answer], report: dict[str, Any]) -> None:
    out, brought = session.out, report["import"]
    done = f"{brought['imported']} photos imported, {brought['already_there']} already there"
    out.print(f"{done}, {tally.wrong} with errors ({brought['photos_per_second']} photos/s)\n")
    found = Table("a photo of", "is most like", "then", "then", box=None, pad_edge=False)
    for answer in answers[:ROWS]:
        cells = [f"{n.score:.3f} {n.item.title or n.item.id}" for n in answer.neighbours[:3]]
        found.add_row(*map(printable, (answer.photo.caption, *cells)))
    out.print(found)
    if report["precision_at_10"] is not None:
        quality = ", ".join(f"{name} {value:.2f}" for name, value in report["by_category"].items())
        out.print(f"\nprecision@10 over {report['searches']} searches: {report['precision_at_10']:.3f} ({quality})")
    if report["agreement"]:
        out.print("same label: " + ", ".join(f"{name} {share:.0%}" for name, share in report["agreement"].items()))
    if report["same_garment"]["photos"]:
        same = report["same_garment"]
        out.print(f"the very garment: first {same['found_first']:.0%}, in the first ten {same['found_in_10']:.0%}")
    stages = (f"{name} {took['p50']:.1f} / {took['p95']:.1f}" for name, took in report["stages_ms"].items())
    out.print("milliseconds, p50 / p95: " + ", ".join(stages))
    out.print(f"\nlook: {folder / _SHEET}   all figures: {folder / _REPORT}")
