import inspect
import json
from pathlib import Path

import pytest
from cli_harness import Ran, Run, connect_with_fake, runner

from lookalike import cli, errors
from lookalike.cli.exit_code import MEANINGS, ExitCode, exit_code_of
from lookalike.errors import InvalidRequestError, LookalikeError, PhotoRejectedError, Rejection
from lookalike.ports.catalogue import Catalogue


def fail_with(error: BaseException, *arguments: str) -> Ran:
    def connect(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
        del where, token, create
        raise error

    return runner(connect)("status", "-c", "memory:", *arguments)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidRequestError("k", "is odd"), 2),
        (errors.UnknownFacetError("where", "no such facet"), 2),
        (errors.VersionMismatchError("model", "differs"), 2),
        (PhotoRejectedError(Rejection.TRUNCATED, "is cut short"), 2),
        (errors.NotFoundError("nothing there"), 3),
        (errors.CatalogueLockedError("is locked"), 4),
        (errors.OverloadedError("too much"), 4),
        (errors.UnavailableError("no answer"), 4),
        (errors.ConflictError("changed"), 4),
        (errors.UnauthenticatedError("no token"), 5),
        (errors.ForbiddenError("not allowed"), 5),
        (errors.CatalogueDamagedError("torn"), 70),
        (RuntimeError("a fault of ours"), 70),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
    ],
)
def test_every_error_is_a_code_and_one_line(error: BaseException, code: int) -> None:
    ran = fail_with(error)
    assert (ran.code, ran.out) == (code, "")
    assert len(ran.err.splitlines()) == (0 if code in (130, 141) else 1)
    assert str(error).removeprefix("k: ") in ran.err


def test_every_error_raised_on_purpose_has_a_code_but_damage() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, LookalikeError)]
    named = [kind for kind in kinds if kind is not LookalikeError and not kind.__name__.startswith("_")]
    internal = [kind for kind in named if exit_code_of(kind.__new__(kind)) is ExitCode.INTERNAL]
    assert len(named) > 10
    assert internal == [errors.CatalogueDamagedError]


def test_debug_shows_where_an_error_comes_from() -> None:
    def connect(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
        del where, token, create
        raise RuntimeError("a fault of ours")

    assert "Traceback" not in runner(connect)("status", "-c", "memory:").err
    assert "Traceback" in runner(connect)("--debug", "status", "-c", "memory:").err
    assert "Traceback" in runner(connect)("status", "-c", "memory:", env={"LOOKALIKE_DEBUG": "1"}).err


def test_what_a_user_named_cannot_colour_the_terminal() -> None:
    ran = fail_with(InvalidRequestError("id", "\x1b[31mred\r\nsecond line [bold]"))
    assert "\x1b" not in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "[bold]" in ran.err


def test_help_tells_every_code(run: Run) -> None:
    shown = run("--help").out
    assert all(f"{code.value}:" in shown for code in ExitCode)
    assert set(MEANINGS) == set(ExitCode)
    assert all(f"{code.value} " in (cli.__doc__ or "") for code in ExitCode)


@pytest.mark.parametrize("command", ["demo", "import", "remove", "search", "status", "serve", "eval"])
def test_every_command_has_help_and_json(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    assert "--json" in ran.out


def test_a_catalogue_in_use_is_code_4(run: Run, shop: Path) -> None:
    with connect_with_fake(str(shop)):
        ran = run("status", "-c", shop)
    assert ran.code == 4
    assert len(ran.err.splitlines()) == 1


def test_the_catalogue_and_token_can_come_from_the_environment(shop: Path) -> None:
    asked: list[tuple[str, str | None]] = []

    def connect(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
        asked.append((where, token))
        return connect_with_fake("memory:", create=create)

    env = {"LOOKALIKE_CATALOGUE": "https://shop.example", "LOOKALIKE_TOKEN": "secret"}
    ran = runner(connect)("status", "--json", env=env)
    assert (ran.code, asked) == (0, [("https://shop.example", "secret")])
    assert set(json.loads(ran.out)) == {"catalogue", "items", "photos", "uploads", "generations", "bytes_on_disk"}
    assert not shop.exists()


def test_a_token_goes_over_plain_http_only_where_that_is_allowed() -> None:
    asked: list[object] = []

    def connect(where: str, *, token: str | None, create: bool, allow_insecure: bool = False) -> Catalogue:
        asked.append(allow_insecure)
        del where, token
        return connect_with_fake("memory:", create=create)

    for value in (None, "0", "1"):
        env = {"LOOKALIKE_CATALOGUE": "http://shop.example", "LOOKALIKE_TOKEN": "secret"}
        runner(connect)("status", env=env if value is None else env | {"LOOKALIKE_ALLOW_INSECURE": value})
    assert asked == [False, False, True]
