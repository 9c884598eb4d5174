import pytest
from service_harness import OTHER, SHOP, Works, item, picture

from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.neighbour import Reason
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Query, Region
from lookalike.errors import (
    InvalidRequestError,
    NotFoundError,
    PhotoRejectedError,
    Rejection,
    UnknownFacetError,
    VersionMismatchError,
)
from lookalike.services.find_similar import confidence
from lookalike.services.stopwatch import Stopwatch

RED, BLUE, GREEN = picture("red"), picture("blue"), picture("green")


@pytest.fixture
def filled(works: Works) -> Works:
    works.run_import(
        (item("red", "dress", "colour:red"), RED),
        (item("blue", "hat", "colour:blue"), BLUE),
        (item("green", "hat", "colour:green"), GREEN),
    )
    return works


def test_reasons_tell_the_same_bytes_and_the_same_picture_from_the_rest(filled: Works) -> None:
    exact = filled.find(SHOP, Query(ByPhoto(RED))).neighbours
    assert [one.reason for one in exact][:1] == [Reason.EXACT]
    again = filled.find(SHOP, Query(ByPhoto(picture("red", kind="PNG")))).neighbours
    assert (again[0].item.id, again[0].reason) == ("red", Reason.NEAR_DUPLICATE)
    part = filled.find(SHOP, Query(ByPhoto(RED, Region(0, 0, 0.5, 0.5)))).neighbours
    assert {one.reason for one in part} == {Reason.SIMILAR}


def test_ranks_scores_and_confidence_go_down_together(filled: Works) -> None:
    found = filled.find(SHOP, Query(ByPhoto(RED)))
    scores = [one.score for one in found.neighbours]
    assert [one.rank for one in found.neighbours] == [1, 2, 3]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0, abs=1e-5)
    assert [one.confidence for one in found.neighbours] == [confidence(filled.embedder.facts, s) for s in scores]
    assert set(found.stages_ms) == {"decode", "embed", "search", "describe"}
    assert found.guess is not None
    assert found.guess.category in filled.embedder.facts.categories


def test_a_region_is_another_picture(filled: Works) -> None:
    before = filled.inferences
    whole = filled.find(SHOP, Query(ByPhoto(RED))).neighbours[0].score
    part = filled.find(SHOP, Query(ByPhoto(RED, Region(0.3, 0.5, 0.6, 1)))).neighbours[0].score
    assert part < whole
    assert filled.inferences == before + 1
    with pytest.raises(InvalidRequestError, match="region"):
        filled.find(SHOP, Query(ByPhoto(RED, Region(0.5, 0.5, 0.500001, 1))))


def test_an_item_finds_others_but_not_itself(filled: Works) -> None:
    found = filled.find(SHOP, Query(ByItem(ItemId("red"))))
    assert {one.item.id for one in found.neighbours} == {"blue", "green"}
    assert found.guess is None
    with pytest.raises(NotFoundError):
        filled.find(SHOP, Query(ByItem(ItemId("gone"))))
    filled.put(SHOP, [item("bare")])
    with pytest.raises(NotFoundError, match="no indexed photo"):
        filled.find(SHOP, Query(ByItem(ItemId("bare"))))


def test_filters_are_obeyed_and_unknown_facets_told(filled: Works) -> None:
    hats = filled.find(SHOP, Query(ByPhoto(RED), Filter.of(any_of=["category:hat"])))
    assert {one.item.id for one in hats.neighbours} == {"blue", "green"}
    none = filled.find(SHOP, Query(ByPhoto(RED), Filter.of(none_of=["colour:red", "colour:blue"]), k=2))
    assert [one.item.id for one in none.neighbours] == ["green"]
    with pytest.raises(UnknownFacetError):
        filled.find(SHOP, Query(ByPhoto(RED), Filter.of(any_of=["size:m"])))


def test_new_labels_count_at_once(filled: Works) -> None:
    filled.put(SHOP, [item("red", "hat", "colour:pink")])
    found = filled.find(SHOP, Query(ByPhoto(RED), Filter.of(any_of=["colour:pink"])))
    assert [one.item.id for one in found.neighbours] == ["red"]


def test_vectors_of_another_model_never_meet(filled: Works) -> None:
    vector = filled.find.resolve(SHOP, ByPhoto(RED), Stopwatch()).embedding.vector
    ours = Embedding(vector, filled.embedder.facts.version)
    assert filled.find(SHOP, Query(ByVector(ours))).neighbours[0].item.id == "red"
    foreign = Embedding(vector, ModelVersion("other-111111111111-p1"))
    with pytest.raises(VersionMismatchError):
        filled.find(SHOP, Query(ByVector(foreign)))


def test_a_shoppers_upload_is_searched_before_and_after_it_is_prepared(filled: Works) -> None:
    upload = filled.send(RED)
    early = filled.find(SHOP, Query(ByUpload(upload))).neighbours
    filled.work()
    late = filled.find(SHOP, Query(ByUpload(upload))).neighbours
    assert [one.item.id for one in early] == [one.item.id for one in late]
    assert late[0].reason is Reason.EXACT
    assert (filled.status(upload), filled.entries()) == ("prepared", 3)


def test_another_catalogues_things_do_not_exist(filled: Works) -> None:
    upload = filled.send(RED)
    for subject in (ByUpload(upload), ByItem(ItemId("red"))):
        with pytest.raises(NotFoundError):
            filled.find(OTHER, Query(subject))


def test_what_is_no_photo_is_rejected_with_its_code(filled: Works) -> None:
    with pytest.raises(PhotoRejectedError) as told:
        filled.find(SHOP, Query(ByPhoto(b"no photo")))
    assert told.value.code is Rejection.NOT_AN_IMAGE
    upload = filled.send(b"no photo")
    filled.work()
    with pytest.raises(PhotoRejectedError):
        filled.find(SHOP, Query(ByUpload(upload)))


def test_text_needs_another_model(filled: Works) -> None:
    with pytest.raises(InvalidRequestError, match="text"):
        filled.find(SHOP, Query(ByText("a red dress")))
