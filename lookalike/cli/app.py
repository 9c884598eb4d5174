import logging
from importlib.metadata import version
from typing import Annotated, Final

import typer

from lookalike.cli.demo import demo
from lookalike.cli.doctor import doctor
from lookalike.cli.estimate import estimate
from lookalike.cli.eval import evaluate
from lookalike.cli.exit_code import MEANINGS
from lookalike.cli.guard import guarded
from lookalike.cli.import_ import import_photos
from lookalike.cli.remove import remove
from lookalike.cli.search import search
from lookalike.cli.serve import serve
from lookalike.cli.session import Session
from lookalike.cli.status import status

_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_EXIT_CODES: Final = "\n".join(f"* {code.value}: {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="lookalike",
    help=f"Visual product search that a shop owns: photos go in, look-alikes come out.\n\nExit codes:\n\n{_EXIT_CODES}",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(guarded(demo))
app.command("import")(guarded(import_photos))
app.command("remove")(guarded(remove))
app.command("search")(guarded(search))
app.command("status")(guarded(status))
app.command("serve")(guarded(serve))
app.command("doctor")(guarded(doctor))
app.command("eval")(guarded(evaluate))
app.command("estimate")(guarded(estimate))


def _show_version(asked: bool) -> None:
    if asked:
        print(version("lookalike"))
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="LOOKALIKE_DEBUG", help="Show where an error comes from.")
    ] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Set up what all commands share."""
    del show_version
    context.obj = context.obj or Session()
    context.obj.debug = debug
    # What went wrong is told by the commands themselves; `serve`, which has nobody to tell, lets errors through.
    logging.basicConfig(format=_LOG_FORMAT, level=logging.INFO if debug else logging.CRITICAL)
