from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.filter import Filter
from lookalike.domain.item import Item
from lookalike.domain.label import Label
from lookalike.errors import UnknownFacetError, VersionMismatchError
from lookalike.ports.vector_index import Hit, VectorIndex, VectorQuery
from lookalike.testing.examples import (
    MODEL,
    OTHER_MODEL,
    OTHER_SHOP,
    SHOP,
    an_embedding,
    an_item,
    item_id,
    photo_id,
)
from tests.contract.vector_oracle import CLOSE, ENTRIES, Entries, an_entry, ask, check, keyed, some_entries

FILTERS = [
    Filter(),
    Filter.of(any_of=["colour:red"]),
    Filter.of(any_of=["colour:red", "colour:green"]),
    Filter.of(all_of=["colour:blue", "size:7"]),
    Filter.of(none_of=["colour:red", "colour:blue"]),
    Filter.of(any_of=["category:skirt"], none_of=["size:3"]),
    Filter.of(any_of=["size:11"]),
    Filter.of(any_of=["colour:pink"]),
    Filter.of(none_of=["colour:pink"]),
]


@pytest.fixture
def filled(vector_index: VectorIndex) -> VectorIndex:
    vector_index.upsert_many(SHOP, some_entries())
    return vector_index


def test_entries_are_read_page_by_page_in_order(filled: VectorIndex) -> None:
    filled.relabel_many(SHOP, [an_item(3, "colour:plaid")])
    filled.remove_items(SHOP, [item_id(5)])
    expected = {key: entry.labels for key, entry in keyed(some_entries()).items() if entry.item != item_id(5)}
    expected |= {key: an_item(3, "colour:plaid").all_labels for key in expected if key[0] == item_id(3)}
    read = []
    while page := filled.page_entries(SHOP, read[-1][0] if read else None, 100):
        read += [((entry.item, entry.photo), entry.labels) for entry in page]
    assert read == sorted(expected.items(), key=lambda pair: pair[0])
    assert filled.page_entries(OTHER_SHOP, None, 10) == []


@pytest.mark.parametrize("filter_", FILTERS)
@pytest.mark.parametrize("k", [1, 10, 1000])
@pytest.mark.parametrize("search", ["search_many", "search_exactly"])
def test_the_nearest_that_pass_the_filter_come_back(filled: VectorIndex, search: str, k: int, filter_: Filter) -> None:
    queries = [ask(1000 + n, k, filter_=filter_) for n in range(5)]
    entries = keyed(some_entries())
    for query, hits in zip(queries, getattr(filled, search)(SHOP, queries), strict=True):
        check(hits, entries, query)


def test_queries_of_one_call_may_differ_in_everything(filled: VectorIndex) -> None:
    queries = [ask(1000 + n, n + 1, filter_=filter_, excluded=[n, n + 1]) for n, filter_ in enumerate(FILTERS)]
    for query, hits in zip(queries, filled.search_many(SHOP, queries), strict=True):
        check(hits, keyed(some_entries()), query)


def test_an_entry_finds_itself_first(filled: VectorIndex) -> None:
    (hits,) = filled.search_many(SHOP, [VectorQuery(an_embedding(123), Filter(), 3)])
    assert (hits[0].item, hits[0].photo) == (item_id(123 // 2), photo_id(123))
    assert hits[0].score == pytest.approx(1, abs=CLOSE)


def test_excluded_items_are_left_out_and_k_still_come_back(filled: VectorIndex) -> None:
    query = VectorQuery(an_embedding(123), Filter(), 10, frozenset({item_id(123 // 2)}))
    (hits,) = filled.search_many(SHOP, [query])
    check(hits, keyed(some_entries()), query)
    assert len(hits) == 10


def test_ties_are_broken_by_item_id(vector_index: VectorIndex) -> None:
    vector_index.upsert_many(SHOP, [an_entry(item, 1) for item in (5, 2, 9, 4)])
    (hits,) = vector_index.search_many(SHOP, [ask(1, 3)])
    assert [hit.item for hit in hits] == [item_id(2), item_id(4), item_id(5)]


def test_a_facet_that_no_entry_has_is_an_error(filled: VectorIndex) -> None:
    for clause in ({"any_of": ["collar:v-neck"]}, {"none_of": ["collar:v-neck"]}):
        with pytest.raises(UnknownFacetError) as caught:
            filled.search_many(SHOP, [ask(filter_=Filter.of(**clause))])
        assert "collar" in str(caught.value)


def test_upserting_again_changes_nothing(filled: VectorIndex) -> None:
    filled.upsert_many(SHOP, some_entries()[::-1])
    filled.upsert_many(SHOP, [an_entry(0, 0, "category:dress", "colour:red", "size:0")] * 2)
    (generation,) = filled.generations(SHOP)
    assert generation.entries == ENTRIES
    query = ask(1000, 300)
    check(filled.search_many(SHOP, [query])[0], keyed(some_entries()), query)


def test_upserting_replaces_vector_and_labels(filled: VectorIndex) -> None:
    moved = replace(some_entries()[7], embedding=an_embedding(5000), labels=frozenset({Label("colour", "gold")}))
    filled.upsert_many(SHOP, [moved])
    entries = keyed([*some_entries(), moved])
    for query in (ask(5000), ask(7, 300), ask(7, filter_=Filter.of(any_of=["colour:gold"]))):
        check(filled.search_many(SHOP, [query])[0], entries, query)


def test_relabelled_items_are_filtered_by_their_new_labels(filled: VectorIndex) -> None:
    changed: list[Item] = [an_item(n, "colour:gold", "collar:v-neck", category="coat") for n in (3, 4, 900)]
    for _ in range(2):
        filled.relabel_many(SHOP, changed)
    labels = {item.id: item.all_labels for item in changed}
    entries = keyed(replace(entry, labels=labels.get(entry.item, entry.labels)) for entry in some_entries())
    for text in ("colour:gold", "collar:v-neck", "category:coat", "colour:black", "category:dress", "size:3"):
        for query in (ask(filter_=Filter.of(any_of=[text]), k=300), ask(filter_=Filter.of(none_of=[text]), k=300)):
            check(filled.search_many(SHOP, [query])[0], entries, query)


def test_removed_items_are_never_found_again(filled: VectorIndex) -> None:
    removed = set(map(item_id, range(150)))
    for _ in range(2):
        filled.remove_items(SHOP, [*removed, item_id(900)])
    entries = keyed(entry for entry in some_entries() if entry.item not in removed)
    for query in (ask(k=300), ask(k=300, filter_=FILTERS[1])):
        check(filled.search_many(SHOP, [query])[0], entries, query)
    assert filled.generations(SHOP)[0].entries == len(entries)
    assert filled.find_embeddings(SHOP, MODEL, [photo_id(0)]) == {}


def test_single_entries_are_never_found_again(filled: VectorIndex) -> None:
    removed = {(entry.item, entry.photo) for entry in some_entries()[::2]}
    for _ in range(2):
        filled.remove_entries(SHOP, [*removed, (item_id(900), photo_id(1)), (item_id(1), photo_id(900))])
    entries = keyed(entry for entry in some_entries() if (entry.item, entry.photo) not in removed)
    check(filled.search_many(SHOP, [ask(k=300)])[0], entries, ask(k=300))
    assert filled.generations(SHOP)[0].entries == len(entries)


def test_a_removed_item_can_come_back(filled: VectorIndex) -> None:
    filled.remove_items(SHOP, [item_id(3)])
    filled.upsert_many(SHOP, [entry for entry in some_entries() if entry.item == item_id(3)])
    query = VectorQuery(an_embedding(6), Filter(), 300)
    check(filled.search_many(SHOP, [query])[0], keyed(some_entries()), query)


def test_embeddings_are_found_by_photo(filled: VectorIndex) -> None:
    found = filled.find_embeddings(SHOP, MODEL, [photo_id(3), photo_id(4), photo_id(9999)])
    assert set(found) == {photo_id(3), photo_id(4)}
    assert found[photo_id(3)].cosine(an_embedding(3)) == pytest.approx(1, abs=CLOSE)
    assert filled.find_embeddings(SHOP, OTHER_MODEL, [photo_id(3)]) == {}


def test_vectors_of_two_models_never_meet(filled: VectorIndex) -> None:
    foreign = replace(an_entry(1, 1), embedding=an_embedding(1, OTHER_MODEL))
    query = VectorQuery(an_embedding(1, OTHER_MODEL), Filter(), 1)
    with pytest.raises(VersionMismatchError):
        filled.upsert_many(SHOP, [foreign])
    with pytest.raises(VersionMismatchError):
        filled.search_many(SHOP, [query])
    with pytest.raises(VersionMismatchError):
        filled.search_exactly(SHOP, [query])
    assert filled.generations(SHOP)[0].entries == ENTRIES


def test_a_first_batch_of_two_models_is_refused_whole(vector_index: VectorIndex) -> None:
    with pytest.raises(VersionMismatchError):
        vector_index.upsert_many(
            SHOP, [an_entry(1, 1), replace(an_entry(2, 2), embedding=an_embedding(2, OTHER_MODEL))]
        )
    assert sum(generation.entries for generation in vector_index.generations(SHOP)) == 0


def test_the_first_upsert_makes_a_live_generation(vector_index: VectorIndex) -> None:
    assert vector_index.generations(SHOP) == ()
    vector_index.upsert_many(SHOP, [an_entry(1, 1), an_entry(1, 2), an_entry(2, 1)])
    (generation,) = vector_index.generations(SHOP)
    assert (generation.number, generation.model, generation.live, generation.entries) == (1, MODEL, True, 3)
    assert generation.created_at.tzinfo is not None


def test_an_empty_catalogue_finds_nothing(vector_index: VectorIndex) -> None:
    assert vector_index.search_many(SHOP, [ask(), ask()]) == [[], []]
    assert vector_index.search_exactly(SHOP, [ask()]) == [[]]
    assert vector_index.find_embeddings(SHOP, MODEL, [photo_id(1)]) == {}
    vector_index.remove_items(SHOP, [item_id(1)])
    vector_index.remove_entries(SHOP, [(item_id(1), photo_id(1))])
    vector_index.relabel_many(SHOP, [an_item(1)])
    vector_index.upsert_many(SHOP, [])
    assert vector_index.search_many(SHOP, []) == []
    assert vector_index.generations(SHOP) == ()


def test_a_catalogue_may_be_emptied(filled: VectorIndex) -> None:
    filled.remove_items(SHOP, [item_id(n) for n in range(ENTRIES)])
    assert filled.search_many(SHOP, [ask()]) == [[]]
    assert filled.generations(SHOP)[0].entries == 0
    filled.upsert_many(SHOP, [an_entry(1, 1)])
    assert [hit.item for hit in filled.search_many(SHOP, [ask()])[0]] == [item_id(1)]


def test_nothing_crosses_catalogues(filled: VectorIndex) -> None:
    assert filled.generations(OTHER_SHOP) == ()
    assert filled.search_many(OTHER_SHOP, [ask()]) == [[]]
    assert filled.search_exactly(OTHER_SHOP, [ask()]) == [[]]
    assert filled.find_embeddings(OTHER_SHOP, MODEL, [photo_id(3)]) == {}
    filled.upsert_many(OTHER_SHOP, [replace(an_entry(1, 2), embedding=an_embedding(1, OTHER_MODEL))])
    filled.relabel_many(OTHER_SHOP, [an_item(1, "colour:gold")])
    filled.remove_items(OTHER_SHOP, [item_id(1), item_id(2)])
    for query in (ask(k=300), ask(k=300, filter_=FILTERS[1])):
        check(filled.search_many(SHOP, [query])[0], keyed(some_entries()), query)


def test_searches_go_on_while_others_write(filled: VectorIndex) -> None:
    fresh = [an_entry(1000 + n, 1000 + n, "category:coat") for n in range(200)]

    def write(start: int) -> None:
        filled.upsert_many(SHOP, fresh[start : start + 10])
        filled.remove_items(SHOP, [fresh[start].item])

    def read(number: int) -> list[Hit]:
        return filled.search_many(SHOP, [ask(number, 20)])[0]

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, start) for start in range(0, 200, 10)]
        for hits in pool.map(read, range(2000, 2060)):
            assert len(hits) == 20
        for done in writes:
            done.result()
    left = keyed([*some_entries(), *(entry for n, entry in enumerate(fresh) if n % 10)])
    query = ask(1005, 500)
    check(filled.search_many(SHOP, [query])[0], left, query)


_numbers = st.integers(0, 12)
_labels = st.sets(st.sampled_from(["colour:red", "colour:blue", "size:1"]), min_size=1)
_moves = st.one_of(
    st.tuples(st.just("upsert"), st.lists(st.tuples(_numbers, _numbers, _labels), max_size=6)),
    st.tuples(st.just("relabel"), st.lists(st.tuples(_numbers, _numbers, _labels), max_size=3)),
    st.tuples(st.just("remove"), st.lists(st.tuples(_numbers, _numbers, _labels), max_size=3)),
)
_fresh = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(moves=st.lists(_moves, min_size=1, max_size=8))
def test_any_sequence_of_writes_leaves_what_a_dictionary_would(
    vector_index: VectorIndex, moves: list[tuple[str, list[tuple[int, int, set[str]]]]]
) -> None:
    catalogue = CatalogueId(f"shop-{next(_fresh)}")
    entries: Entries = {}
    for verb, rows in moves:
        if verb == "upsert":
            upserts = [an_entry(item, photo, "category:dress", *labels) for item, photo, labels in rows]
            vector_index.upsert_many(catalogue, upserts)
            entries |= keyed(upserts)
        elif verb == "relabel":
            items = {item: an_item(item, *labels) for item, _, labels in rows}
            vector_index.relabel_many(catalogue, list(items.values()))
            labels_of = {item.id: item.all_labels for item in items.values()}
            entries = keyed(replace(e, labels=labels_of.get(e.item, e.labels)) for e in entries.values())
        else:
            gone = {item_id(item) for item, _, _ in rows}
            vector_index.remove_items(catalogue, list(gone))
            entries = {key: entry for key, entry in entries.items() if key[0] not in gone}
    for query in (ask(k=50), ask(k=2), *(ask(k=5, filter_=filter_) for filter_ in _askable(entries))):
        check(vector_index.search_many(catalogue, [query])[0], entries, query)
    assert sum(generation.entries for generation in vector_index.generations(catalogue)) == len(entries)


def _askable(entries: Entries) -> list[Filter]:
    facets = {label.facet for entry in entries.values() for label in entry.labels}
    if "colour" not in facets:
        return []
    return [Filter.of(any_of=["colour:red"]), Filter.of(none_of=["colour:red"])]
