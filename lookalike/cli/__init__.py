"""The command line: `lookalike …`, thin over `lookalike.connect`.

Results go to standard output, progress and diagnostics to standard error. `--json` makes each command print one
JSON object. Exit codes: 0 all went well; 1 some photos were rejected or failed, or damage remains; 2 wrong usage or bad
input; 3 no such catalogue or item; 4 locked, overloaded or unavailable; 5 not allowed; 70 damaged, or a fault of ours;
130 stopped by Ctrl-C; 141 the reader of the output went away.
"""


def main() -> None:
    """Run the command line and exit."""
    from lookalike.cli.app import app  # noqa: PLC0415 (importing the package alone stays light)

    app()
