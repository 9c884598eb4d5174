from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Advance(Protocol):
    """Tells how far the work is."""

    def __call__(self, done: float, note: str) -> None:
        """`done` is in the unit of the total; `note` stands beside the bar."""
        ...


@contextmanager
def progress(console: Console, what: str, total: float) -> Iterator[Advance]:
    """A bar with what is left of the time, on a terminal; elsewhere nothing, so that logs stay readable."""
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task: TaskID = bar.add_task(what, total=total or None, note="")

        def advance(done: float, note: str) -> None:
            bar.update(task, completed=done, note=note)

        yield advance
