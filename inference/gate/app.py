from typing import Annotated, Final

import typer

from inference.gate.command import gate
from inference.gate.verify import verify
from lookalike.cli.guard import guarded
from lookalike.cli.session import Session

_HELP: Final = """What a model passes before it is served.

Exit codes:

* 0: passed
* 1: refused
* 2: unusable input; nothing was judged"""

app = typer.Typer(
    name="lookalike-model",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("gate")(guarded(gate))
app.command("verify")(guarded(verify))


@app.callback()
def root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Set up what both commands share."""
    context.obj = context.obj or Session()
    context.obj.debug = debug
