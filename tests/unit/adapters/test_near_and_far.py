from lookalike.adapters.near_and_far import NearAndFar
from lookalike.ports.embedder import Prediction
from lookalike.testing import InMemoryEmbeddingCache
from lookalike.testing.examples import MODEL, an_embedding, photo_id

ONE, TWO, THREE = (photo_id(n) for n in (1, 2, 3))
PREDICTION = Prediction(an_embedding(1), (1.0,))


class Asked(InMemoryEmbeddingCache):
    def __init__(self) -> None:
        super().__init__()
        self.photos: list[list[str]] = []

    def get_many(self, model, photos):  # noqa: ANN001, ANN201 - as the class above
        self.photos.append(list(photos))
        return super().get_many(model, photos)


def test_what_is_near_is_not_asked_far_away() -> None:
    near, far = InMemoryEmbeddingCache(), Asked()
    near.put_many(MODEL, {ONE: PREDICTION})
    far.put_many(MODEL, {TWO: PREDICTION})
    assert set(NearAndFar(near, far).get_many(MODEL, [ONE, TWO, THREE])) == {ONE, TWO}
    assert far.photos == [[TWO, THREE]]


def test_what_was_far_away_is_near_the_next_time() -> None:
    far = Asked()
    far.put_many(MODEL, {TWO: PREDICTION})
    both = NearAndFar(InMemoryEmbeddingCache(), far)
    for _ in range(2):
        assert set(both.get_many(MODEL, [TWO])) == {TWO}
    assert far.photos == [[TWO]]


def test_what_is_put_is_in_both() -> None:
    near, far = InMemoryEmbeddingCache(), InMemoryEmbeddingCache()
    NearAndFar(near, far).put_many(MODEL, {ONE: PREDICTION})
    assert set(near.get_many(MODEL, [ONE])) == set(far.get_many(MODEL, [ONE])) == {ONE}
