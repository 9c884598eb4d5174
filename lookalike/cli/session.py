import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import typer
from rich.console import Console

from lookalike.connect import connect
from lookalike.ports.catalogue import Catalogue

TOKEN: Final = "LOOKALIKE_TOKEN"  # noqa: S105 (the variable's name, not a token)
_WIDE: Final = 240
"""Columns of a table that goes into a file or pipe, where there is no screen to wrap at."""


class _Terminal(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _terminal(*, stderr: bool) -> Console:
    probe = Console(stderr=stderr)
    width = None if probe.is_terminal else _WIDE
    return _Terminal(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


@dataclass(slots=True)
class Session:
    """What every command shares: where to print, how to reach a catalogue, whether to show tracebacks."""

    connect: Callable[..., Catalogue] = connect
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    out: Console = field(default_factory=lambda: _terminal(stderr=False))
    err: Console = field(default_factory=lambda: _terminal(stderr=True))
    debug: bool = False

    @classmethod
    def of(cls, context: typer.Context) -> "Session":
        """The session of a running command."""
        session = context.obj
        if not isinstance(session, cls):
            raise TypeError("a command ran without its session")
        return session

    def open(self, where: str, *, create: bool = False) -> Catalogue:
        """Connect; raise `NotFoundError` for a folder that is not there, unless it may be made."""
        return self.connect(where, token=self.environ.get(TOKEN), create=create)

    def print_json(self, value: Mapping[str, Any]) -> None:
        """One object on one line of standard output, in ASCII, so that any console and any parser takes it."""
        print(json.dumps(value, allow_nan=False), flush=True)


def printable(text: str) -> str:
    """Text of unknown origin without what would move a terminal's cursor or colour: such characters are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
