import pytest

from functions.aws import Aws
from functions.cache import open_cache
from functions.settings import Settings
from lookalike.adapters.embedded.embedding_cache import LruEmbeddingCache
from lookalike.adapters.near_and_far import NearAndFar
from lookalike.adapters.redis.embedding_cache import RedisEmbeddingCache
from lookalike.ports.embedder import Prediction
from lookalike.testing.examples import MODEL, an_embedding, photo_id

PREDICTION = Prediction(an_embedding(1), (1.0,))


def aws() -> Aws:
    return Aws(Settings(region="eu-west-3"))


def test_without_an_address_a_function_remembers_by_itself() -> None:
    assert isinstance(open_cache(None, aws()), LruEmbeddingCache)


def test_with_one_its_own_memory_stays_in_front_and_is_enough_while_the_cache_is_down() -> None:
    cache = open_cache("redis://127.0.0.1:1", aws())
    assert isinstance(cache, NearAndFar)
    cache.put_many(MODEL, {photo_id(1): PREDICTION})
    assert set(cache.get_many(MODEL, [photo_id(1), photo_id(2)])) == {photo_id(1)}


def test_a_function_logs_into_awss_cache_with_a_token_of_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAROLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the role's secret")
    cache = open_cache("rediss://cache.example:6379", aws(), name="embeddings", user="lookalike")
    assert isinstance(cache, NearAndFar)
    assert isinstance(cache.far, RedisEmbeddingCache)
    provider = cache.far._client.connection_pool.connection_kwargs["credential_provider"]
    user, token = provider.get_credentials()
    assert user == "lookalike"
    assert token.startswith("embeddings/?Action=connect&User=lookalike&X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert "eu-west-3" in token
