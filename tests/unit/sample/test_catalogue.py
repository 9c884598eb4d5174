import hashlib
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import InvalidRequestError
from lookalike.sample import Category, SampleGarment, draw_catalogue, draw_unseen


@pytest.fixture(scope="module")
def garments() -> list[SampleGarment]:
    return list(draw_catalogue(60, seed=5))


def _digest(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


def test_the_same_seed_gives_the_same_bytes(garments: list[SampleGarment]) -> None:
    again = list(draw_catalogue(60, seed=5))
    assert garments == again
    assert [_digest(g.photo()) for g in garments[:3]] == [_digest(g.photo()) for g in again[:3]]


def test_another_seed_gives_other_garments(garments: list[SampleGarment]) -> None:
    other = list(draw_catalogue(60, seed=6))
    assert all(ours.spec != theirs.spec for ours, theirs in zip(garments, other, strict=True))


@given(shorter=st.integers(0, 40), more=st.integers(0, 40), seed=st.integers(0, 2**40))
@settings(max_examples=20, deadline=None)
def test_a_longer_catalogue_begins_with_the_shorter(shorter: int, more: int, seed: int) -> None:
    assert list(draw_catalogue(shorter + more, seed))[:shorter] == list(draw_catalogue(shorter, seed))


@given(seed=st.integers(0, 2**40))
@settings(max_examples=20, deadline=None)
def test_every_ten_garments_are_one_of_each_category(seed: int) -> None:
    drawer = list(draw_catalogue(30, seed))
    for start in (0, 10, 20):
        assert {g.category for g in drawer[start : start + 10]} == {c.value for c in Category}


def test_ids_are_unique(garments: list[SampleGarment]) -> None:
    assert len({g.item_id for g in garments}) == len(garments)


def test_labels_name_a_facet_once_and_leave_the_category_out(garments: list[SampleGarment]) -> None:
    for garment in garments:
        facets = [label.split(":", 1)[0] for label in garment.labels]
        assert len(facets) == len(set(facets))
        assert {"colour", "pattern", "style"} <= set(facets)
        assert "category" not in facets


def test_titles_say_the_colour_and_pattern_that_the_labels_say(garments: list[SampleGarment]) -> None:
    for garment in garments:
        truth = dict(label.split(":", 1) for label in garment.labels)
        words = garment.title.lower().replace(",", "").split()
        assert truth["colour"] in words
        assert (truth["pattern"] in words) == (truth["pattern"] != "plain")


def test_attributes_have_every_type_a_catalogue_knows(garments: list[SampleGarment]) -> None:
    for garment in garments:
        assert isinstance(garment.attributes["price"], float)
        assert 5 < garment.attributes["price"] < 300
        assert isinstance(garment.attributes["brand"], str)
        assert isinstance(garment.attributes["in_stock"], bool)
        assert isinstance(garment.attributes["published_at"], date)


def test_photos_are_jpegs_of_a_handy_size(garments: list[SampleGarment]) -> None:
    for garment in garments[:5]:
        photo = garment.photo()
        with Image.open(io.BytesIO(photo)) as image:
            image.load()
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (480, 600))
        assert 10_000 < len(photo) < 120_000


def test_unseen_photos_are_repeatable_and_not_in_the_catalogue(garments: list[SampleGarment]) -> None:
    first, second = list(draw_unseen(garments, 3, seed=1)), list(draw_unseen(garments, 3, seed=1))
    assert first == second
    assert [p.photo() for p in first] == [p.photo() for p in second]
    known = {g.item_id: g for g in garments}
    assert all(p.photo() != known[p.item_id].photo() for p in first)


def test_unseen_photos_keep_the_truth_of_their_garment(garments: list[SampleGarment]) -> None:
    known = {g.item_id: g for g in garments}
    for unseen in draw_unseen(garments, 60, seed=2):
        item = known[unseen.item_id]
        assert (unseen.category, unseen.labels) == (item.category, item.labels)
        assert unseen.labels == unseen.spec.labels()
        assert (unseen.spec.cut == item.spec.cut) == unseen.same_garment


def test_unseen_photos_cover_all_categories_in_both_ways(garments: list[SampleGarment]) -> None:
    unseen = list(draw_unseen(garments, 20, seed=3))
    categories = {c.value for c in Category}
    assert {p.category for p in unseen[:10]} == categories
    assert {p.category for p in unseen if p.same_garment} == categories
    assert {p.category for p in unseen if not p.same_garment} == categories


def test_more_unseen_photos_than_garments_are_still_all_different(garments: list[SampleGarment]) -> None:
    unseen = list(draw_unseen(garments[:2], 5, seed=4))
    assert len({p.photo() for p in unseen}) == 5


def test_nothing_comes_of_nothing() -> None:
    assert list(draw_catalogue(0, seed=1)) == []
    assert list(draw_unseen([], 0, seed=1)) == []


def test_bad_numbers_are_named(garments: list[SampleGarment]) -> None:
    with pytest.raises(InvalidRequestError, match="count"):
        draw_catalogue(-1, seed=1)
    with pytest.raises(InvalidRequestError, match="seed"):
        draw_catalogue(1, seed=-1)
    with pytest.raises(InvalidRequestError, match="count"):
        draw_unseen(garments, -1, seed=1)
    with pytest.raises(InvalidRequestError, match="catalogue"):
        draw_unseen([], 1, seed=1)
