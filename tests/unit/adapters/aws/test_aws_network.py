"""The adapters against servers that misbehave, over real sockets."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import boto3
import pytest

from lookalike.adapters.aws.client import ClientSettings, dynamodb_client, s3_client, sqs_client
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.photo_store import S3PhotoStore
from lookalike.errors import OverloadedError, UnavailableError
from lookalike.testing import FixedClock
from lookalike.testing.examples import SHOP, photo_id, upload_id

Answer = Callable[[socket.socket], object]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """Listen on loopback and have `answer` deal with each connection; gives the URL, and the requests as they come."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(65536))
                    answer(connection)

        Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", requests
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def says(status: str, body: bytes = b"", length: int | None = None) -> Answer:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    )
    return lambda connection: connection.sendall(head.encode() + body)


def settings(url: str) -> ClientSettings:
    return ClientSettings("eu-north-1", url, connect_timeout=0.5, read_timeout=0.5, retries=1)


def store_at(url: str) -> S3PhotoStore:
    client = s3_client(settings(url), boto3.Session("test", "test"))
    return S3PhotoStore(client, bucket="photos", max_bytes=1000, clock=FixedClock())


def read_from(url: str) -> bytes:
    return store_at(url).read_thumbnail(SHOP, photo_id(1))


def list_from(url: str) -> bytes:
    return store_at(url).read_upload(SHOP, upload_id(1))  # whose versions are listed first


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(UnavailableError):
        read_from(url)


def test_no_answer_comes() -> None:
    over = Event()
    try:
        with server(lambda _: over.wait(20)) as (url, _), pytest.raises(UnavailableError):
            read_from(url)
    finally:
        over.set()


@pytest.mark.parametrize(
    "answer",
    [
        says("200 OK", b"only a part", length=1000),
        says("200 OK", b"", length=1000),
        says("500 Internal Server Error", b"<html>a proxy's own page</html>"),
        says("502 Bad Gateway"),
        says("404 Not Found", b"<Error><Code>NoSuchBucket</Code></Error>"),
        lambda connection: connection.close(),
        lambda connection: connection.sendall(b"not HTTP at all\r\n\r\n"),
    ],
    ids=["body cut", "body missing", "proxy's page", "bad gateway", "no bucket", "hangs up", "not HTTP"],
)
@pytest.mark.parametrize("ask", [read_from, list_from])
def test_an_answer_that_is_none(answer: Answer, ask: Callable[[str], bytes]) -> None:
    with server(answer) as (url, _), pytest.raises(UnavailableError):
        ask(url)


def test_a_throttled_read_is_repeated_as_often_as_the_settings_say_and_then_is_overload() -> None:
    with server(says("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")) as (url, requests):
        with pytest.raises(OverloadedError):
            read_from(url)
        assert len(requests) == 2


def test_a_ledger_without_its_tables_says_whose_fault_that_is() -> None:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}'
    with server(says("400 Bad Request", body)) as (url, _):
        client = dynamodb_client(settings(url), boto3.Session("test", "test"))
        with pytest.raises(UnavailableError, match="ResourceNotFoundException") as met:
            DynamoLedger(client, uploads="none", photos="none").find_uploads(SHOP, [upload_id(1)])
    assert met.value.retry_after >= 30


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with server(says("200 OK")) as (url, requests):
        store = S3PhotoStore(s3_client(settings(url)), bucket="photos", max_bytes=1000, clock=FixedClock())
        with pytest.raises(UnavailableError):
            store.read_upload(SHOP, upload_id(1))
    assert requests == []


@pytest.mark.parametrize("make", [s3_client, dynamodb_client, sqs_client])
def test_no_client_leaves_its_patience_to_botocore(make: Callable[..., object]) -> None:
    chosen = ClientSettings("eu-north-1", connect_timeout=1.5, read_timeout=2.5, retries=2, connections=7)
    config = make(chosen, boto3.Session("test", "test")).meta.config  # type: ignore[attr-defined]
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.5, 2.5, 7)
    assert config.tcp_keepalive
