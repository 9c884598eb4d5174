import numpy as np
import pytest

from lookalike.errors import InvalidRequestError
from lookalike.ports.embedder import Embedder, Pixels, Priority


def photos(embedder: Embedder, count: int) -> list[Pixels]:
    size = embedder.facts.input_size
    return list(np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8))


def dress(embedder: Embedder, colour: tuple[int, int, int], left: int) -> Pixels:
    size = embedder.facts.input_size
    photo = np.full((size, size, 3), 255, np.uint8)  # `left` is in 32nds of its width
    photo[size // 8 : -size // 8, left * size // 32 : (left + 11) * size // 32] = colour
    return photo


@pytest.mark.parametrize("priority", Priority)
def test_one_prediction_a_photo_in_order_however_they_are_batched(embedder: Embedder, priority: Priority) -> None:
    many = photos(embedder, 11)
    together = embedder.embed_many(many, priority)
    alone = [embedder.embed_many([photo], priority)[0] for photo in many]
    assert len(together) == 11
    for one, other in zip(together, alone, strict=True):
        assert one.embedding.cosine(other.embedding) == pytest.approx(1, abs=1e-5)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_no_photos_give_no_predictions(embedder: Embedder) -> None:
    assert embedder.embed_many([], Priority.BULK) == []


def test_a_prediction_is_a_unit_vector_of_this_model_and_probabilities(embedder: Embedder) -> None:
    (prediction,) = embedder.embed_many(photos(embedder, 1), Priority.BULK)
    assert prediction.embedding.model == embedder.facts.version
    assert np.linalg.norm(prediction.embedding.vector) == pytest.approx(1, abs=1e-5)
    assert len(prediction.probabilities) == len(embedder.facts.categories)
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    assert min(prediction.probabilities) >= 0


def test_what_looks_alike_is_nearer(embedder: Embedder) -> None:
    red, red_too, blue = embedder.embed_many(
        [dress(embedder, (200, 30, 30), 8), dress(embedder, (205, 40, 35), 9), dress(embedder, (30, 30, 200), 16)],
        Priority.INTERACTIVE,
    )
    assert red.embedding.cosine(red_too.embedding) > red.embedding.cosine(blue.embedding)


@pytest.mark.parametrize("colour", [0, 255])
def test_a_blank_photo_has_an_embedding_too(embedder: Embedder, colour: int) -> None:
    blank = np.full_like(photos(embedder, 1)[0], colour)
    assert len(embedder.embed_many([blank], Priority.BULK)) == 1


@pytest.mark.parametrize("change", ["size", "channels", "type"])
def test_arrays_of_another_shape_or_type_are_refused(embedder: Embedder, change: str) -> None:
    good = photos(embedder, 1)[0]
    bad = {"size": good[:-1], "channels": good[..., :1], "type": good.astype(np.float32)}[change]
    with pytest.raises(InvalidRequestError) as caught:
        embedder.embed_many([good, bad], Priority.BULK)
    assert caught.value.field == "photo"
