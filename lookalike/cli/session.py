import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import typer
from rich.console import Console

from lookalike.connect import connect
from lookalike.ports.catalogue import Catalogue

TOKEN: Final = "LOOKALIKE_TOKEN"  # noqa: S105 (the variable's name, not a token)
ALLOW_INSECURE: Final = "LOOKALIKE_ALLOW_INSECURE"
"""Set to 1, it lets the token go over plain http to another machine."""
_NOT_UNICODE: Final = re.compile(r"[\ud800-\udfff]|\\x[89a-f][0-9a-f]")
_WIDE: Final = 240
"""Columns of a table that goes into a file or pipe, where there is no screen to wrap at."""


class _Terminal(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _terminal(*, stderr: bool) -> Console:
    probe = Console(stderr=stderr)
    width = None if probe.is_terminal else _WIDE
    return _Terminal(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def _agrees(question: str) -> bool:
    return sys.stdin.isatty() and typer.confirm(question, err=True)


@dataclass(slots=True)
class Session:
    """What every command shares: where to print, how to reach a catalogue, whether to show tracebacks."""

    connect: Callable[..., Catalogue] = connect
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    out: Console = field(default_factory=lambda: _terminal(stderr=False))
    err: Console = field(default_factory=lambda: _terminal(stderr=True))
    agrees: Callable[[str], bool] = field(default_factory=lambda: _agrees)
    """Ask the person at the terminal; no, where there is none."""
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
        print(as_json_line(value), flush=True)


def as_json_line(value: Mapping[str, Any]) -> str:
    """One object as JSON in ASCII that every parser takes: texts in it go through `as_unicode`."""
    return json.dumps(_as_unicode(value), allow_nan=False)


def as_unicode(text: str) -> str:
    r"""Text that may hold a file name's bytes that are not UTF-8, as valid Unicode.

    In such a text each of them is written ``\xff`` and each backslash twice. So it is in a text that holds the four
    characters ``\xff``, so that every name can be told from what it is written as; other texts stay as they are.
    """
    if not _NOT_UNICODE.search(text):
        return text
    escaped = text.replace("\\", "\\\\")
    whole = re.sub("[\udc80-\udcff]", lambda one: f"\\x{ord(one[0]) - 0xDC00:02x}", escaped)
    return whole.encode("utf-8", "backslashreplace").decode()


def _as_unicode(value: Any) -> Any:
    match value:
        case str():
            return as_unicode(value)
        case Mapping():
            return {name: _as_unicode(one) for name, one in value.items()}
        case list() | tuple():
            return [_as_unicode(one) for one in value]
    return value
