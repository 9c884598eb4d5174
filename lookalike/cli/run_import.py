from collections.abc import Iterable, Iterator

from rich.console import Console

from lookalike.cli.progress import Advance, progress
from lookalike.cli.sources import Entry, Source
from lookalike.cli.tally import Tally
from lookalike.ports.catalogue import Catalogue, NewPhoto


def run_import(catalogue: Catalogue, source: Source, tally: Tally, console: Console) -> bool:
    """Bring a source in, counting on `tally` and showing progress; False where Ctrl-C ended it early.

    The batch under way is finished first, so that what was counted is what there is.
    """
    total = source.total()
    with progress(console, "importing", 1.0 if total is None else total) as advance:
        settled = catalogue.import_photos(_good(source.entries(), tally))
        try:
            for imported in settled:
                tally.add(imported)
                _show(advance, source, tally, counted=total is not None)
        except KeyboardInterrupt:
            return False
        finally:
            _close(settled)
    return True


def _good(entries: Iterable[Entry], tally: Tally) -> Iterator[NewPhoto]:
    for entry in entries:
        if isinstance(entry, NewPhoto):
            yield entry
        else:
            tally.add(entry)


def _show(advance: Advance, source: Source, tally: Tally, *, counted: bool) -> None:
    rate = tally.settled / tally.seconds if tally.seconds else 0.0
    wrong = f", {tally.wrong} with errors" if tally.wrong else ""
    advance(tally.settled if counted else source.read(), f"{tally.settled} photos, {rate:.1f}/s{wrong}")


def _close(settled: Iterator[object]) -> None:
    # A generator's own clean-up waits for its threads; an iterator of another kind has none.
    close = getattr(settled, "close", None)
    if close is not None:
        close()
