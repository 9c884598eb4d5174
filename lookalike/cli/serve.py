from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from lookalike.cli.exit_code import ExitCode
from lookalike.cli.log_lines import LogLevel, log_lines
from lookalike.cli.options import DEFAULT_CATALOGUE, CatalogueOption, JsonOption
from lookalike.cli.session import TOKEN, Session
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import Catalogue

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8080
_HIGHEST_PORT: Final = 65_535


def serve(
    context: typer.Context,
    *,
    catalogue: CatalogueOption = DEFAULT_CATALOGUE,
    host: Annotated[str, typer.Option(help="The address to listen at; any but loopback needs a token.")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=_HIGHEST_PORT, help="0 picks a free one.")] = PORT,
    token_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="FILE", help="Its content is the token; else LOOKALIKE_TOKEN is."
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option(help="What is logged, as lines of JSON on standard error; each request is an info.")
    ] = LogLevel.INFO,
    metrics_address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve /metrics for Prometheus there, to whoever reaches it."),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode:
    """Serve a catalogue's HTTP API and page until stopped by Ctrl-C, which is a normal end.

    The URL is printed once it answers. A token is never taken from the command line, where anybody could read it.
    """
    session = Session.of(context)
    token = _token(session, token_file)
    metrics = None if metrics_address is None else address_of(metrics_address)

    def tell(served: Mapping[str, str]) -> None:
        if as_json:
            session.print_json(served)
            return
        session.out.print(f"serving {catalogue} at {served['url']} (Ctrl-C stops)", soft_wrap=True)
        if "metrics" in served:
            session.out.print(f"metrics at {served['metrics']}", soft_wrap=True)

    with log_lines(log_level), session.open(catalogue, create=True) as opened:
        serve_until_stopped(opened, host, port, token, tell, metrics=metrics)
    return ExitCode.OK


def serve_until_stopped(
    catalogue: Catalogue,
    host: str,
    port: int,
    token: str | None,
    tell: Callable[[Mapping[str, str]], None],
    *,
    metrics: tuple[str, int] | None = None,
) -> None:
    """Serve an open catalogue; `tell` hears its `url`, once it answers, and that of the `metrics` served beside it.

    Raises `InvalidRequestError` for a remote catalogue, an address that cannot be had, or one that others can reach
    without a token.
    """
    from lookalike.cli.site import site_of  # noqa: PLC0415 (loads the model's runtime and a server)
    from lookalike.contract.metrics import Metrics  # noqa: PLC0415 (likewise)
    from lookalike.contract.serve import metrics_at, run  # noqa: PLC0415 (likewise)
    from lookalike.embedded import EmbeddedCatalogue  # noqa: PLC0415 (likewise)

    if not isinstance(catalogue, EmbeddedCatalogue):
        raise InvalidRequestError("catalogue", "a remote catalogue is served already: name a folder")
    site = site_of(catalogue, token, None if metrics is None else Metrics())
    with nullcontext() if metrics is None else metrics_at(site, *metrics) as metrics_url:
        catalogue.start_workers()
        more = {} if metrics_url is None else {"metrics": metrics_url}
        run(site, host, port, lambda url: tell({"url": url, **more}))


def address_of(text: str) -> tuple[str, int]:
    """``host:port`` or ``[::1]:port`` as a pair. Raises `InvalidRequestError`."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in host and bare == host) or not port.isdecimal() or int(port[:6]) > _HIGHEST_PORT:
        raise InvalidRequestError("metrics-address", f"{text!r:.80} is not of the form host:port")
    return bare, int(port)


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
