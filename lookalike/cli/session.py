import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import typer
from rich.console import Console

from lookalike.connect import connect
from lookalike.domain.text import printable
from lookalike.ports.catalogue import Catalogue

__all__ = ["TOKEN", "Session", "printable"]

TOKEN: Final = "LOOKALIKE_TOKEN"  # noqa: S105 (the variable's name, not a token)
ALLOW_INSECURE: Final = "LOOKALIKE_ALLOW_INSECURE"
"""Set to 1, it lets the token go over plain http to another machine."""
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
        insecure = {"allow_insecure": True} if self.environ.get(ALLOW_INSECURE) == "1" else {}
        return self.connect(where, token=self.environ.get(TOKEN), create=create, **insecure)

    def print_json(self, value: Mapping[str, Any]) -> None:
        """One object on one line of standard output, in ASCII, so that any console and any parser takes it."""
        print(json.dumps(value, allow_nan=False), flush=True)
