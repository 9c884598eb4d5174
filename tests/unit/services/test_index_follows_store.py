"""Whatever fails and whoever else writes: filters find what the store holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_harness import SHOP, Works, item, photo_of, picture
from turns import Actor, take_turns
from unsteady import UnsteadyIndex

from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId, ItemPatch
from lookalike.domain.query import ByPhoto, Query
from lookalike.errors import UnavailableError, UnknownFacetError

RED = picture("red", size=32)
BLUE = picture("blue", size=32)
A = ItemId("a")


def found(works: Works, label: str) -> list[str]:
    try:
        return [one.item.id for one in works.find(SHOP, Query(ByPhoto(RED), Filter.of(any_of=[label]))).neighbours]
    except UnknownFacetError:
        return []


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("change", ["put", "update", "import"])
def test_a_retry_mends_what_the_index_missed(change: str, how: str) -> None:
    works = Works(index=UnsteadyIndex())
    works.run_import((item("a", "dress", "colour:red"), RED))
    blue = item("a", "dress", "colour:blue")
    calls = {
        "put": lambda: works.put(SHOP, [blue]),
        "update": lambda: works.update(SHOP, [ItemPatch(A, labels=blue.labels)]),
        "import": lambda: works.run_import((blue, RED)),
    }
    with works.index.failing([how]), pytest.raises(UnavailableError):  # type: ignore[attr-defined]
        calls[change]()
    calls[change]()
    assert works.items.get_many(SHOP, [A])[A].labels == blue.labels
    assert (found(works, "colour:blue"), found(works, "colour:red")) == (["a"], [])


@settings(max_examples=100, deadline=None)
@given(order=st.lists(st.integers(0, 2), max_size=60))
def test_writers_side_by_side_leave_store_and_index_agreeing(order: list[int]) -> None:
    works = Works()
    works.run_import((item("a", "dress", "colour:red"), RED))
    upload = works.send(BLUE, A)
    works.prepare(works.received.drain())
    pointers = works.to_embed.drain()
    actors = [
        Actor(works, lambda its: its.put(SHOP, [item("a", "hat", "colour:blue")])),
        Actor(works, lambda its: its.update(SHOP, [ItemPatch(A, labels=item("a", "x", "colour:green").labels)])),
        Actor(works, lambda its: its.index_photos(pointers)),
    ]
    take_turns(actors, order)
    stored = works.items.get_many(SHOP, [A])[A]
    for label in ("colour:red", "colour:blue", "colour:green", "category:dress", "category:hat"):
        assert found(works, label) == (["a"] if label in set(map(str, stored.all_labels)) else [])
    assert works.status(upload) == "indexed"
    assert works.entries() == 2


@pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 0)], ids=["removed-meanwhile", "indexed-meanwhile"])
@pytest.mark.parametrize("calls", range(20))
def test_a_photo_removed_at_any_moment_of_being_indexed_leaves_nothing(calls: int, first: int, then: int) -> None:
    works = Works()
    works.put(SHOP, [item("a")])
    upload = works.send(RED, A)
    works.prepare(works.received.drain())
    pointers = works.to_embed.drain()
    pair = (A, photo_of(RED))
    take_turns(
        [
            Actor(works, lambda its: its.index_photos(pointers)),
            Actor(works, lambda its: its.remove_photos(SHOP, [pair])),
        ],
        [first] * calls + [then] * 20,
    )
    for _ in range(3):
        works.prepare(works.received.drain())
        works.index_photos([*pointers, *works.to_embed.drain()])
    assert works.ledger.find_uploads(SHOP, [upload]) == {}
    assert works.items.get_many(SHOP, [A])[A].photos == ()
    assert works.entries() == 0


def test_removing_a_photo_again_finishes_what_broke() -> None:
    works = Works(index=UnsteadyIndex())
    works.run_import((item("a"), RED), (item("a"), BLUE), (item("b"), BLUE))
    pairs = [(A, photo_of(RED)), (A, photo_of(BLUE))]
    for fails in (["before"], ["after"], ["", "before"], ["", "after"]):
        with works.index.failing(fails), pytest.raises(UnavailableError):  # type: ignore[attr-defined]
            works.remove_photos(SHOP, pairs)
    works.remove_photos(SHOP, pairs)
    assert works.items.get_many(SHOP, [A])[A].photos == ()
    assert works.entries() == 1
    assert set(works.photos.thumbnails) == {(SHOP, photo_of(BLUE))}
    assert works.ledger.uploads_of_items(SHOP, [A]) == []
