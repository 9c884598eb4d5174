"""The embedding cache on a real Redis, emptied for each test."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lookalike.adapters.redis.client import ClientSettings, redis_client
from lookalike.adapters.redis.embedding_cache import RedisEmbeddingCache
from tests.rehearsal.servers.redis import RedisMissingError, RedisServer, redis_server


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Run a server until this ends. Skips, saying why, where there is none."""
    try:
        with redis_server(folder) as server:
            yield server
    except RedisMissingError as error:
        pytest.skip(str(error))


@contextmanager
def redis_embedding_cache(server: RedisServer) -> Iterator[RedisEmbeddingCache]:
    """An empty cache. A test machine may be busy for longer than a shopper would wait."""
    with closing(redis_client(ClientSettings(server.url, connect_timeout=30, timeout=30))) as client:
        client.flushall()
        yield RedisEmbeddingCache(client)
