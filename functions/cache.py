from functions.aws import Aws
from lookalike.adapters.aws.cache_token import cache_token
from lookalike.adapters.aws.session import find_credentials
from lookalike.adapters.embedded.embedding_cache import LruEmbeddingCache
from lookalike.adapters.near_and_far import NearAndFar
from lookalike.ports.embedding_cache import EmbeddingCache


def open_cache(url: str | None, aws: Aws, *, name: str | None = None, user: str | None = None) -> EmbeddingCache:
    """This process's memory and, where there is a `url`, the cache behind it that all processes share.

    With a `name` it is AWS's, where `user` is let in by IAM. Connects when it is first asked.
    """
    near = LruEmbeddingCache()
    if url is None:
        return near
    # For those alone who have one: the client is a good part of a cold start.
    from lookalike.adapters.redis.client import ClientSettings, redis_client  # noqa: PLC0415
    from lookalike.adapters.redis.embedding_cache import RedisEmbeddingCache  # noqa: PLC0415

    def log_in() -> tuple[str, str]:
        asked = {"region": aws.region, "cache": name or "", "user": user or ""}
        return asked["user"], cache_token(find_credentials(aws.session), **asked)

    client = redis_client(ClientSettings(url, credentials=log_in if name else None))
    return NearAndFar(near, RedisEmbeddingCache(client))
