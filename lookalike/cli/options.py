"""Options that several commands share."""

from typing import Annotated

import typer

CatalogueOption = Annotated[
    str,
    typer.Option(
        "--catalogue",
        "-c",
        envvar="LOOKALIKE_CATALOGUE",
        metavar="WHERE",
        help="A folder, memory:, or the https:// address of a Lookalike (token in LOOKALIKE_TOKEN).",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else there.")
]
DEFAULT_CATALOGUE = "./shop"
