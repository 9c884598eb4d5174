import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import TOKEN, Session
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import Catalogue

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8080


def serve(
    context: typer.Context,
    *,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    host: Annotated[str, typer.Option(help="The address to listen at; any but loopback needs a token.")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 picks a free one.")] = PORT,
    token_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="FILE", help="Its content is the token; else LOOKALIKE_TOKEN is."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode:
    """Serve a catalogue's HTTP API and page until stopped by Ctrl-C, which is a normal end.

    The URL is printed once it answers. A token is never taken from the command line, where anybody could read it.
    """
    session = Session.of(context)
    if not session.debug:
        logging.getLogger().setLevel(logging.ERROR)
    token = _token(session, token_file)

    def tell(url: str) -> None:
        if as_json:
            session.print_json({"url": url})
        else:
            session.out.print(f"serving {catalogue} at {url} (Ctrl-C stops)", soft_wrap=True)

    with session.open(catalogue, create=True) as opened:
        serve_until_stopped(opened, host, port, token, tell)
    return ExitCode.OK


def serve_until_stopped(
    catalogue: Catalogue, host: str, port: int, token: str | None, tell: Callable[[str], None]
) -> None:
    """Serve an open catalogue; `tell` hears the URL once it answers.

    Raises `InvalidRequestError` for a remote catalogue, an address that cannot be had, or one that others can reach
    without a token.
    """
    from lookalike.cli.site import site_of  # noqa: PLC0415 (loads the model's runtime and a server)
    from lookalike.contract.serve import run  # noqa: PLC0415 (likewise)
    from lookalike.embedded import EmbeddedCatalogue  # noqa: PLC0415 (likewise)

    if not isinstance(catalogue, EmbeddedCatalogue):
        raise InvalidRequestError("catalogue", "a remote catalogue is served already: name a folder")
    site = site_of(catalogue, token)
    catalogue.start_workers()
    run(site, host, port, tell)


def _token(session: Session, token_file: Path | None) -> str | None:
    if token_file is None:
        return session.environ.get(TOKEN) or None
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError("token", f"{token_file} cannot be read: {error}") from error
    if not token:
        raise InvalidRequestError("token", f"{token_file} is empty")
    return token
