import inspect
import socket
from collections.abc import Iterator
from contextlib import closing

import opensearchpy.exceptions
import opensearchpy.helpers.errors
import pytest
from opensearchpy.exceptions import TransportError

from lookalike.adapters.opensearch.client import ClientSettings, opensearch_client
from lookalike.adapters.opensearch.errors import from_status, translated, translation
from lookalike.errors import (
    ConflictError,
    InvalidRequestError,
    LookalikeError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
)

STATUSES = {
    400: UnavailableError,
    401: UnavailableError,
    403: UnavailableError,
    404: NotFoundError,
    409: ConflictError,
    413: UnavailableError,
    429: OverloadedError,
    500: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}
OF_CLASS = {"NotFoundError": (404, NotFoundError), "ConflictError": (409, ConflictError)}
"""Where the class says more than that OpenSearch is at fault."""


def their_errors() -> list[type[Exception]]:
    modules = (opensearchpy.exceptions, opensearchpy.helpers.errors)
    found = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    return sorted((kind for kind in found if issubclass(kind, Exception)), key=lambda kind: kind.__name__)


def an_error(kind: type[Exception]) -> Exception:
    if kind.__name__ == "ScanError":
        return kind("scroll", "a message")
    if issubclass(kind, opensearchpy.exceptions.ConnectionError):
        return kind("N/A", "a message", OSError("refused"))
    if issubclass(kind, TransportError):
        return kind(OF_CLASS.get(kind.__name__, (400, None))[0], "a_message", {})
    return kind("a message")


@pytest.mark.parametrize("kind", their_errors(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_client_becomes_one_of_ours(kind: type[Exception]) -> None:
    expected = OF_CLASS.get(kind.__name__, (0, UnavailableError))[1]
    original = an_error(kind)
    with pytest.raises(expected) as caught, translated():
        raise original
    assert caught.value.__cause__ is original


def test_there_are_exceptions_to_walk() -> None:
    names = {kind.__name__ for kind in their_errors()}
    assert {"ConnectionTimeout", "SSLError", "BulkIndexError", "ImproperlyConfigured", "SerializationError"} <= names


def test_nobody_is_blamed_for_the_deployment() -> None:
    for kind in their_errors():
        assert not isinstance(translation(an_error(kind)), InvalidRequestError)


@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_statuses_alone_or_with_an_exception_mean_the_same(status: int, expected: type[LookalikeError]) -> None:
    alone = from_status(status, "some_exception")
    raised = translation(TransportError(status, "some_exception", {}))
    assert type(alone) is type(raised) is expected


def test_what_passes_is_tried_soon_and_what_does_not_later() -> None:
    busy, broken = from_status(503, "x"), from_status(403, "cluster_block_exception")
    assert isinstance(busy, UnavailableError)
    assert isinstance(broken, UnavailableError)
    assert busy.retry_after < broken.retry_after


def test_messages_do_not_carry_what_the_server_wrote() -> None:
    reason = {"error": {"root_cause": [{"reason": "no such index [secret]"}]}}
    assert "secret" not in str(translation(TransportError(404, "index_not_found_exception", reason)))


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens who never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_does_not_answer_is_given_up(silent: int) -> None:
    settings = ClientSettings(f"http://127.0.0.1:{silent}", timeout=0.1)
    with closing(opensearch_client(settings)) as client, pytest.raises(UnavailableError), translated():
        client.info()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = ClientSettings(f"http://127.0.0.1:{port}", retries=1)
    with closing(opensearch_client(settings)) as client, pytest.raises(UnavailableError), translated():
        client.info()
