import numpy as np

from lookalike.ports.embedder import Prediction
from lookalike.ports.embedding_cache import EmbeddingCache
from lookalike.testing.examples import MODEL, OTHER_MODEL, an_embedding, photo_id


def a_prediction(number: int) -> Prediction:
    return Prediction(an_embedding(number), (0.25, 0.75))


def test_what_was_put_is_remembered(embedding_cache: EmbeddingCache) -> None:
    embedding_cache.put_many(MODEL, {photo_id(n): a_prediction(n) for n in (1, 2)})
    found = embedding_cache.get_many(MODEL, [photo_id(2), photo_id(3)])
    assert set(found) == {photo_id(2)}
    assert found[photo_id(2)].probabilities == (0.25, 0.75)
    assert np.array_equal(found[photo_id(2)].embedding.vector, an_embedding(2).vector)
    assert found[photo_id(2)].embedding.model == MODEL


def test_putting_again_changes_nothing(embedding_cache: EmbeddingCache) -> None:
    for _ in range(2):
        embedding_cache.put_many(MODEL, {photo_id(1): a_prediction(1)})
    assert len(embedding_cache.get_many(MODEL, [photo_id(1), photo_id(1)])) == 1


def test_another_model_knows_nothing_of_it(embedding_cache: EmbeddingCache) -> None:
    embedding_cache.put_many(MODEL, {photo_id(1): a_prediction(1)})
    assert embedding_cache.get_many(OTHER_MODEL, [photo_id(1)]) == {}
