from collections.abc import Sequence
from contextlib import nullcontext

import pytest
from service_harness import SHOP, Works, item, picture

from lookalike.domain.catalogue import CatalogueId
from lookalike.errors import InvalidRequestError, NotFoundError, Rejection
from lookalike.ports.vector_index import Hit, VectorQuery
from lookalike.services.evaluate import Evaluate, Evaluation, LabelledPhoto
from lookalike.testing import InMemoryVectorIndex


def asked(name: str, category: str, data: bytes) -> LabelledPhoto:
    return LabelledPhoto(name, category, lambda: data)


def evaluate(works: Works, *photos: LabelledPhoto) -> Evaluation:
    return Evaluate(works.find, lambda: nullcontext(InMemoryVectorIndex()))(SHOP, photos)


@pytest.fixture
def filled(works: Works) -> Works:
    reds = [(item(f"red-{at}", "dress"), picture(f"rgb({250 - at},10,10)")) for at in range(12)]
    blues = [(item(f"blue-{at}", "hat"), picture(f"rgb(10,10,{250 - at})")) for at in range(12)]
    works.run_import(*reds, *blues)
    return works


def test_a_catalogue_that_tells_its_categories_apart_is_perfect(filled: Works) -> None:
    found = evaluate(
        filled, asked("r", "Dress", picture("rgb(230,10,10)")), asked("b", "hat", picture("rgb(10,10,230)"))
    )
    assert (found.quality.photos, found.quality.precision_at_10, found.quality.map) == (2, 1.0, 1.0)
    assert set(found.by_category) == {"dress", "hat"}
    assert set(found.ann_recall_at_10.values()) == {1.0}
    assert found.left_out == 0


def test_wrong_answers_cost_what_they_should(filled: Works) -> None:
    # Twelve red dresses come before the twelve blue hats that were asked for.
    found = evaluate(filled, asked("r", "hat", picture("rgb(230,10,10)")))
    assert found.quality.precision_at_10 == 0.0
    assert found.quality.map == pytest.approx(sum(at / (12 + at) for at in range(1, 13)) / 12)


def test_the_very_bytes_are_left_out_with_every_item_that_shows_them(filled: Works) -> None:
    twin = picture("rgb(250,10,10)")
    filled.run_import((item("twin", "hat"), twin))
    found = evaluate(filled, asked("r", "dress", twin))
    assert found.left_out == 2
    assert (found.quality.precision_at_10, found.quality.map) == (1.0, 1.0)


def test_every_photo_is_timed_as_if_it_came_first(filled: Works) -> None:
    photo = asked("r", "dress", picture("rgb(230,10,10)"))
    before = filled.inferences
    evaluate(filled, photo, photo, photo)
    assert filled.inferences == before + 3 + 1  # and one to warm up


def test_photos_that_cannot_be_used_are_told_and_the_rest_counts(filled: Works) -> None:
    found = evaluate(filled, asked("bad", "dress", b"no photo"), asked("r", "dress", picture("red")))
    assert [(one.source, one.code) for one in found.unusable] == [("bad", Rejection.NOT_AN_IMAGE)]
    assert found.quality.photos == 1
    with pytest.raises(InvalidRequestError, match="none could be used"):
        evaluate(filled, asked("bad", "dress", b"no photo"))


def test_nothing_indexed_is_told(works: Works) -> None:
    with pytest.raises(NotFoundError, match="import"):
        evaluate(works, asked("r", "dress", picture("red")))


class Forgetful(InMemoryVectorIndex):
    """Misses every other answer, unless asked exactly."""

    def search_many(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        return [hits[::2] for hits in self._all(catalogue, queries)]

    def search_exactly(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        return self._all(catalogue, queries)

    def _all(self, catalogue: CatalogueId, queries: Sequence[VectorQuery]) -> list[list[Hit]]:
        return [self._search(catalogue, query) for query in queries]


def test_an_index_that_misses_answers_is_found_out() -> None:
    works = Works(index=Forgetful())
    works.run_import(*[(item(f"i{at}", "hat"), picture(f"rgb({at * 9},{250 - at},10)")) for at in range(24)])
    photo = asked("r", "hat", picture("rgb(120,200,10)"))
    found = Evaluate(works.find, lambda: nullcontext(Forgetful()))(SHOP, [photo])
    assert found.ann_recall_at_10["unfiltered"] == 0.5
    assert found.ann_recall_at_10["10%"] == 0.5  # two items, one of them missed
    assert found.ann_recall_at_10["1%"] == 1.0  # one item, the first answer
