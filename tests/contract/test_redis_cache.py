"""The shared cache beyond its port: it costs nothing but time when it is down, and its user may do no more than it."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import redis

from lookalike.adapters.redis.breaker import Breaker
from lookalike.adapters.redis.client import ClientSettings, redis_client
from lookalike.adapters.redis.embedding_cache import ACCESS, RedisEmbeddingCache
from lookalike.adapters.redis.entry import key
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.embedder import Prediction
from lookalike.testing.examples import MODEL, OTHER_MODEL, an_embedding, photo_id
from tests.rehearsal.servers.redis import RedisServer, redis_server

PREDICTION = Prediction(an_embedding(1), (0.1, 0.9))
ONE = photo_id(1)


class Watch:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RedisServer:
    running: RedisServer = request.getfixturevalue("redis")
    return running


@pytest.fixture
def admin(server: RedisServer) -> Iterator["redis.Redis[bytes]"]:
    with closing(redis.Redis.from_url(server.url)) as client:
        client.flushall()
        yield client


@pytest.fixture
def open_cache() -> Iterator[Callable[..., RedisEmbeddingCache]]:
    clients = []

    def opened(url: str, *, breaker: Breaker | None = None, **settings: object) -> RedisEmbeddingCache:
        clients.append(redis_client(ClientSettings(url, **{"connect_timeout": 5, "timeout": 5, **settings})))
        return RedisEmbeddingCache(clients[-1], breaker=breaker)

    yield opened
    for client in clients:
        client.close()


def test_many_are_put_and_found_at_once(server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]) -> None:
    cache, many = open_cache(server.url), {photo_id(n): PREDICTION for n in range(1201)}
    cache.put_many(MODEL, many)
    assert set(cache.get_many(MODEL, list(many))) == set(many)


def test_a_value_is_a_kilobyte_of_vector_and_ends_after_a_week(
    admin: "redis.Redis[bytes]", server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    open_cache(server.url).put_many(MODEL, {ONE: PREDICTION})
    value = admin.get(key(MODEL, ONE))
    assert value is not None
    assert np.array_equal(np.frombuffer(value, dtype="<f4", count=256), PREDICTION.embedding.vector)
    assert len(value) == 1024 + 2 * 8
    left = timedelta(seconds=admin.ttl(key(MODEL, ONE)))
    assert timedelta(days=6) < left <= timedelta(days=7)


def test_two_models_share_no_key() -> None:
    assert key(MODEL, ONE) != key(OTHER_MODEL, ONE)
    assert MODEL in key(MODEL, ONE)
    assert ONE in key(MODEL, ONE)


@pytest.mark.parametrize("damaged", [b"", b"x", b"\0" * 1040, b"\xff" * 1024, b"\0" * 1023])
def test_a_damaged_value_counts_as_forgotten(
    damaged: bytes, admin: "redis.Redis[bytes]", server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    cache = open_cache(server.url)
    cache.put_many(MODEL, {photo_id(2): PREDICTION})
    admin.set(key(MODEL, ONE), damaged)
    assert set(cache.get_many(MODEL, [ONE, photo_id(2)])) == {photo_id(2)}


def test_a_cache_that_stops_knows_nothing_and_comes_back_by_itself(
    tmp_path: Path, server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    del server  # that there is one to start
    watch = Watch()
    with redis_server(tmp_path) as first:
        cache = open_cache(first.url, breaker=Breaker(10, watch))
        cache.put_many(MODEL, {ONE: PREDICTION})
        assert cache.get_many(MODEL, [ONE])
    assert cache.get_many(MODEL, [ONE]) == {}
    cache.put_many(MODEL, {ONE: PREDICTION})
    with redis_server(tmp_path, port=first.port):
        cache.put_many(MODEL, {ONE: PREDICTION})
        assert cache.get_many(MODEL, [ONE]) == {}, "it was asked too early"
        watch.now = 10
        cache.put_many(MODEL, {ONE: PREDICTION})
        assert set(cache.get_many(MODEL, [ONE])) == {ONE}


def test_a_connection_that_broke_meanwhile_is_replaced(
    admin: "redis.Redis[bytes]", server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    cache = open_cache(server.url)
    cache.put_many(MODEL, {ONE: PREDICTION})
    admin.client_kill_filter(_type="normal", skipme=True)
    assert set(cache.get_many(MODEL, [ONE])) == {ONE}


@pytest.fixture
def silent() -> Iterator[tuple[str, socket.socket]]:
    """The address of what takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}", listening


def test_a_cache_that_hangs_is_waited_for_once(
    silent: tuple[str, socket.socket], open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    url, listening = silent
    cache = open_cache(url, timeout=0.05, breaker=Breaker(10, Watch()))
    for _ in range(3):
        assert cache.get_many(MODEL, [ONE]) == {}
        cache.put_many(MODEL, {ONE: PREDICTION})
    listening.accept()[0].close()
    listening.settimeout(0)
    with pytest.raises(BlockingIOError):  # nobody came a second time
        listening.accept()


def test_it_is_said_once_that_the_cache_is_left_out_and_no_host_is_named(
    silent: tuple[str, socket.socket], open_cache: Callable[..., RedisEmbeddingCache], caplog: pytest.LogCaptureFixture
) -> None:
    cache = open_cache(silent[0], timeout=0.05, breaker=Breaker(10, Watch()))
    with caplog.at_level(logging.WARNING):
        cache.get_many(MODEL, [ONE])
        cache.get_many(MODEL, [ONE])
    (said,) = caplog.messages
    assert "left out for a while: no answer from the cache (TimeoutError)" in said
    assert "127.0.0.1" not in said


def test_its_user_may_do_what_it_does_and_no_more(
    admin: "redis.Redis[bytes]", server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    admin.execute_command("ACL", "SETUSER", "cache", ">token", *ACCESS.split())
    cache = open_cache(server.url, credentials=lambda: ("cache", "token"))
    cache.put_many(MODEL, {ONE: PREDICTION})
    assert set(cache.get_many(MODEL, [ONE])) == {ONE}
    with closing(redis.Redis.from_url(server.url, username="cache", password="token")) as same:  # noqa: S106
        for refused in (same.flushall, lambda: same.keys("*"), lambda: same.set("other:1", "x"), same.acl_list):
            with pytest.raises(redis.exceptions.NoPermissionError):
                refused()


def test_credentials_are_asked_for_each_connection(
    admin: "redis.Redis[bytes]", server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    admin.execute_command("ACL", "SETUSER", "cache", ">first", ">second", *ACCESS.split())
    tokens = iter(["first", "second"])
    cache = open_cache(server.url, credentials=lambda: ("cache", next(tokens)))
    cache.put_many(MODEL, {ONE: PREDICTION})
    admin.client_kill_filter(_type="normal", skipme=True)
    assert set(cache.get_many(MODEL, [ONE])) == {ONE}
    assert next(tokens, None) is None


def refuse() -> tuple[str, str]:
    raise UnavailableError("there are no credentials")


@pytest.mark.parametrize("credentials", [lambda: ("cache", "wrong"), refuse])
def test_a_cache_that_lets_nobody_in_is_left_out(
    credentials: Callable[[], tuple[str, str]],
    server: RedisServer,
    open_cache: Callable[..., RedisEmbeddingCache],
) -> None:
    cache = open_cache(server.url, credentials=credentials)
    cache.put_many(MODEL, {ONE: PREDICTION})
    assert cache.get_many(MODEL, [ONE]) == {}


def test_tls_is_spoken_where_the_address_says_so_and_the_host_is_checked() -> None:
    with closing(redis_client(ClientSettings("rediss://cache.example:6379"))) as client:
        pool = client.connection_pool
        connection = pool.make_connection()
        assert isinstance(connection, redis.SSLConnection)
        assert connection.check_hostname is True
        assert connection.cert_reqs.name == "CERT_REQUIRED"


def test_a_server_without_tls_is_not_spoken_to_in_the_open(
    server: RedisServer, open_cache: Callable[..., RedisEmbeddingCache]
) -> None:
    cache = open_cache(server.url.replace("redis://", "rediss://"))
    cache.put_many(MODEL, {ONE: PREDICTION})
    assert cache.get_many(MODEL, [ONE]) == {}


@pytest.mark.parametrize("address", ["cache.example:6379", "http://cache.example", ""])
def test_what_is_no_address_of_a_cache_is_refused(address: str) -> None:
    with pytest.raises(InvalidRequestError, match="no address of a cache"):
        redis_client(ClientSettings(address))
