import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec

import typer

from lookalike.cli.exit_code import ExitCode, exit_code_of
from lookalike.cli.interrupt import second_ctrl_c_ends_at_once
from lookalike.cli.session import Session
from lookalike.domain.text import printable
from lookalike.errors import LookalikeError

P = ParamSpec("P")


def guarded(command: Callable[Concatenate[typer.Context, P], ExitCode]) -> Callable[..., None]:
    """A command whose every end is an exit code: an error of ours becomes one line on standard error."""

    @wraps(command)
    def run(context: typer.Context, *args: P.args, **kwargs: P.kwargs) -> None:
        session = Session.of(context)
        try:
            with second_ctrl_c_ends_at_once():
                code = command(context, *args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            _let_go_of_stdout()
            code = ExitCode.BROKEN_PIPE
        except LookalikeError as error:
            code = exit_code_of(error)
            _tell(session, str(error))
        except Exception as error:  # noqa: BLE001 (the outermost frame: a fault of ours is told, not thrown at the user)
            code = ExitCode.INTERNAL
            _tell(session, f"internal error ({type(error).__name__}: {error}); --debug shows where")
        raise typer.Exit(code)

    return run


def _tell(session: Session, message: str) -> None:
    if session.debug:
        traceback.print_exc()
    session.err.print(f"lookalike: {printable(message)}", style="red", soft_wrap=True)


def _let_go_of_stdout() -> None:
    # Else the interpreter complains when it flushes on its way out (docs.python.org, signal, "Note on SIGPIPE").
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
