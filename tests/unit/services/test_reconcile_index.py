"""Whatever the index holds, reconciling brings it to what the item store says, and the second time finds nothing."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.damage import Outcome
from lookalike.domain.embedding import Embedding
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.ports.vector_index import IndexEntry
from lookalike.services.reconcile_index import ReconcileIndex
from lookalike.testing import InMemoryItemStore, InMemoryVectorIndex
from lookalike.testing.examples import OTHER_MODEL, SHOP, an_embedding, an_item, item_id, photo_id

PAIRS = st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20)
LABELS = st.dictionaries(st.integers(0, 8), st.sampled_from(["colour:red", "colour:blue"]))
LOST = photo_id(8)


def embed_again(_: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> dict[PhotoId, Embedding]:
    """All but one, whose bytes are lost."""
    return {photo: an_embedding(int(photo[:4], 16)) for _, photo in pairs if photo != LOST}


def made(in_store: set[tuple[int, int]], in_index: set[tuple[int, int]], labels: dict[int, str]) -> ReconcileIndex:
    items, index = InMemoryItemStore(), InMemoryVectorIndex()
    items.put_many(SHOP, [an_item(n, "colour:red") for n in {item for item, _ in in_store}])
    items.attach_photos(SHOP, [(item_id(item), photo_id(photo)) for item, photo in in_store])
    entries = [
        IndexEntry(item_id(i), photo_id(p), an_item(i, labels.get(i, "colour:red")).all_labels, an_embedding(p))
        for i, p in in_index
    ]
    index.upsert_many(SHOP, entries)
    return ReconcileIndex(items, index, embed_again)


def held(reconcile: ReconcileIndex) -> dict[tuple[str, str], object]:
    return {(one.item, one.photo): one.labels for one in reconcile.index.page_entries(SHOP, None, 1000)}


@settings(max_examples=150, deadline=None)
@given(in_store=PAIRS, in_index=PAIRS, labels=LABELS, damaged=PAIRS)
def test_the_index_is_brought_to_what_the_store_says(
    in_store: set[tuple[int, int]],
    in_index: set[tuple[int, int]],
    labels: dict[int, str],
    damaged: set[tuple[int, int]],
) -> None:
    reconcile = made(in_store, in_index, labels)
    bad = {(item_id(item), photo_id(photo)) for item, photo in damaged & in_index}
    before = held(reconcile)
    found = list(reconcile(SHOP, repair=False, damaged=bad))
    assert held(reconcile) == before
    repaired = list(reconcile(SHOP, repair=True, damaged=bad))
    assert [(one.kind, one.subject) for one in repaired] == [(one.kind, one.subject) for one in found]
    wanted = {(item.id, photo) for item in reconcile.items.page(SHOP, None, 1000) for photo in item.photos}
    kept = {pair for pair in wanted if pair[1] != LOST or (pair in before and pair not in bad)}
    items = reconcile.items.get_many(SHOP, [item for item, _ in kept])
    assert held(reconcile) == {pair: items[pair[0]].all_labels for pair in kept}
    again = list(reconcile(SHOP, repair=True))
    assert len(again) == len(wanted - kept)
    assert {one.outcome for one in again} <= {Outcome.LOST}


def test_many_items_and_entries_are_read_in_pages() -> None:
    pairs = {(n, n) for n in range(450)}
    reconcile = made(pairs - {(n, n) for n in range(0, 450, 50)}, pairs - {(n, n) for n in range(7, 450, 50)}, {})
    found = list(reconcile(SHOP, repair=False))
    assert len(found) == 18
    assert len({one.subject for one in found}) == 18


def test_an_index_of_another_model_is_left_and_told() -> None:
    reconcile = made({(1, 1)}, set(), {})
    of_another = Embedding(an_embedding(2).vector, OTHER_MODEL)
    reconcile.index.upsert_many(SHOP, [IndexEntry(item_id(1), photo_id(2), frozenset(), of_another)])
    told = list(reconcile(SHOP, repair=True))
    assert [(one.kind, one.outcome) for one in told] == [("entry", Outcome.REPAIRED), ("entry", Outcome.FOUND)]
    assert "another model" in told[1].detail
