"""What only this adapter can get wrong: writers that race, aliases that move, more photos than a search looks at."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from opensearchpy import OpenSearch, helpers

from lookalike.adapters.opensearch import bulk, query
from lookalike.adapters.opensearch.client import ClientSettings, opensearch_client
from lookalike.adapters.opensearch.mapping import IndexLayout, index_body
from lookalike.adapters.opensearch.search import ask_many
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.filter import Filter
from lookalike.domain.label import Label
from lookalike.errors import (
    CatalogueDamagedError,
    InvalidRequestError,
    LookalikeError,
    UnavailableError,
    UnknownFacetError,
    VersionMismatchError,
)
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing import FixedClock
from lookalike.testing.examples import (
    MODEL,
    NOON,
    OTHER_MODEL,
    SHOP,
    an_embedding,
    an_item,
    item_id,
    photo_id,
)

LAYOUT = IndexLayout(prefix="special", replicas=0, refresh_interval="20ms")
ALIAS = LAYOUT.alias(SHOP)
LABELS = frozenset({Label("colour", "red")})


@pytest.fixture
def client(opensearch: str) -> Iterator[OpenSearch]:
    with closing(opensearch_client(ClientSettings(opensearch, timeout=30))) as client:
        yield client
        client.indices.delete(index=f"{LAYOUT.prefix}_*")


def an_index(client: OpenSearch) -> OpenSearchVectorIndex:
    return OpenSearchVectorIndex(client, FixedClock(), LAYOUT)


def an_entry(item: int, photo: int, vector: int, model: ModelVersion = MODEL) -> IndexEntry:
    return IndexEntry(item_id(item), photo_id(photo), LABELS, an_embedding(vector, model))


def ask(vector: int, k: int, model: ModelVersion = MODEL, filter_: Filter | None = None) -> VectorQuery:
    return VectorQuery(an_embedding(vector, model), filter_ or Filter(), k)


def move_alias(client: OpenSearch, model: ModelVersion) -> None:
    """What a rebuild ends with: a second generation, and the alias on it."""
    old, new = LAYOUT.index(SHOP, 1), LAYOUT.index(SHOP, 2)
    body = index_body(LAYOUT, SHOP, 2, model, NOON) | {"aliases": {}}
    client.indices.create(index=new, body=body)
    moves = [{"remove": {"index": old, "alias": ALIAS}}, {"add": {"index": new, "alias": ALIAS}}]
    client.indices.update_aliases(body={"actions": moves})


def test_first_writers_who_race_end_with_one_generation(client: OpenSearch) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: an_index(client).upsert_many(SHOP, [an_entry(n, n, n)]), range(8)))
    (generation,) = an_index(client).generations(SHOP)
    assert (generation.number, generation.live, generation.entries) == (1, True, 8)


def test_of_first_writers_with_two_models_one_wins_and_the_other_is_told(client: OpenSearch) -> None:
    def write(model: ModelVersion) -> LookalikeError | None:
        try:
            an_index(client).upsert_many(SHOP, [an_entry(1, 1, 1, model)])
        except VersionMismatchError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(write, (MODEL, OTHER_MODEL)))
    (generation,) = an_index(client).generations(SHOP)
    assert sum(outcome is None for outcome in outcomes) == generation.entries == 1


def test_a_moved_alias_is_followed_by_those_who_remember_the_old_one(client: OpenSearch) -> None:
    reader, writer, eraser = an_index(client), an_index(client), an_index(client)
    writer.upsert_many(SHOP, [an_entry(1, 1, 1)])
    for index in (reader, eraser):
        assert len(index.search_many(SHOP, [ask(1, 1)])[0]) == 1
    move_alias(client, OTHER_MODEL)
    with pytest.raises(VersionMismatchError):
        writer.upsert_many(SHOP, [an_entry(2, 2, 2)])
    assert client.count(index=ALIAS)["count"] == 0
    writer.upsert_many(SHOP, [an_entry(3, 3, 3, OTHER_MODEL)])
    with pytest.raises(VersionMismatchError):
        reader.search_many(SHOP, [ask(3, 1)])
    assert reader.search_many(SHOP, [ask(3, 1, OTHER_MODEL)])[0][0].item == item_id(3)
    eraser.remove_items(SHOP, [item_id(3)])
    assert [(g.number, g.live, g.entries) for g in reader.generations(SHOP)] == [(1, False, 1), (2, True, 0)]


def test_entries_that_have_their_labels_are_not_written(client: OpenSearch) -> None:
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(1, 1, 1), an_entry(2, 2, 2)])
    for _ in range(2):
        index.relabel_many(SHOP, [an_item(1, "colour:blue"), an_item(2, "colour:blue")])
    hits = client.search(index=ALIAS, body={"version": True, "query": {"match_all": {}}})["hits"]["hits"]
    assert [hit["_version"] for hit in hits] == [2, 2]  # inserted, and labelled once
    blue = Filter.of(any_of=["colour:blue"])
    assert len(index.search_many(SHOP, [ask(1, 5, filter_=blue)])[0]) == 2


def test_a_catalogue_that_was_deleted_begins_anew(client: OpenSearch) -> None:
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(1, 1, 1)])
    client.indices.delete(index=LAYOUT.index(SHOP, 1))
    assert index.search_many(SHOP, [ask(1, 1)]) == [[]]
    assert index.find_embeddings(SHOP, MODEL, [photo_id(1)]) == {}
    index.relabel_many(SHOP, [an_item(1)])
    index.remove_items(SHOP, [item_id(1)])
    with pytest.raises(UnknownFacetError):
        index.search_many(SHOP, [ask(1, 1, filter_=Filter.of(any_of=["colour:red"]))])
    index.upsert_many(SHOP, [an_entry(2, 2, 2, OTHER_MODEL)])
    assert index.search_many(SHOP, [ask(2, 1, OTHER_MODEL)])[0][0].item == item_id(2)


def test_an_index_of_someone_elses_making_is_not_touched(client: OpenSearch) -> None:
    client.indices.create(index=LAYOUT.index(SHOP, 1), body={"aliases": {ALIAS: {}}})
    with pytest.raises(CatalogueDamagedError):
        an_index(client).upsert_many(SHOP, [an_entry(1, 1, 1)])
    assert client.count(index=ALIAS)["count"] == 0


def test_k_items_come_back_however_many_photos_the_nearest_have(client: OpenSearch) -> None:
    index = an_index(client)
    one_item = [an_entry(1, photo, 1) for photo in range(1000)]
    index.upsert_many(SHOP, one_item + [an_entry(item, 5000 + item, 2) for item in range(2, 8)])
    (hits,) = index.search_many(SHOP, [ask(1, 5)])
    assert [hit.item for hit in hits] == [item_id(n) for n in range(1, 6)]


def test_ties_beyond_the_first_look_are_broken_by_item_id(client: OpenSearch) -> None:
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(item, 1, 1) for item in range(1000, 0, -1)])
    for found in (index.search_many(SHOP, [ask(1, 10)]), index.search_exactly(SHOP, [ask(1, 10)])):
        assert [hit.item for hit in found[0]] == [item_id(n) for n in range(1, 11)]


def test_what_a_killed_writer_left_unseen_is_removed_too(client: OpenSearch) -> None:
    """Written and durable, but the writer died before anybody could see it."""
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(1, 1, 1)])
    client.indices.put_settings(index=ALIAS, body={"index": {"refresh_interval": "-1"}})
    bulk.write(client, ALIAS, [bulk.insert(an_entry(2, 2, 2))], bulk.Patience(), refresh="false")
    index.remove_items(SHOP, [item_id(2)])
    client.indices.refresh(index=ALIAS)
    assert client.count(index=ALIAS)["count"] == 1


def test_cosines_of_both_searches_are_exact(client: OpenSearch) -> None:
    index = an_index(client)
    opposite = replace(an_embedding(1), vector=-an_embedding(1).vector)
    index.upsert_many(SHOP, [an_entry(1, 1, 1), an_entry(2, 2, 2), replace(an_entry(3, 3, 3), embedding=opposite)])
    expected = [1, an_embedding(1).cosine(an_embedding(2)), -1]
    for found in (index.search_many(SHOP, [ask(1, 3)]), index.search_exactly(SHOP, [ask(1, 3)])):
        assert [hit.score for hit in found[0]] == pytest.approx(expected, abs=1e-6)


def test_the_largest_filter_and_the_largest_k_are_answered(client: OpenSearch) -> None:
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(n, n, n) for n in range(5)])
    clauses = [{kind: [f"colour:{n}" for n in range(100)]} for kind in ("any_of", "all_of", "none_of")]
    filters = [Filter(tuple(c for part in clauses for c in Filter.of(**part).clauses) * 10), Filter()]
    found = index.search_many(SHOP, [ask(1, 9999, filter_=filter_) for filter_ in filters])
    assert [len(hits) for hits in found] == [0, 5]
    for k in (0, 10_000):
        with pytest.raises(InvalidRequestError):
            index.search_many(SHOP, [ask(1, k)])


def test_a_writer_whose_index_is_blocked_is_told_to_come_later(client: OpenSearch) -> None:
    """As when the disk is full: AWS and OpenSearch answer 403, which is not the shopper's fault."""
    index = an_index(client)
    index.upsert_many(SHOP, [an_entry(1, 1, 1)])
    client.indices.add_block(index=LAYOUT.index(SHOP, 1), block="write")
    with pytest.raises(UnavailableError):
        index.upsert_many(SHOP, [an_entry(2, 2, 2)])
    assert len(index.search_many(SHOP, [ask(1, 2)])[0]) == 1


def slow(count: int) -> query.Body:
    """A search that looks at documents one by one, and takes its time over each."""
    script = "int sum = 0; for (int i = 0; i < params.rounds; ++i) { sum += i % 7 } return sum"
    body = {"source": script, "params": {"rounds": 100_000}}
    return {"size": count, "query": {"script_score": {"query": {"match_all": {}}, "script": body}}}


def test_a_search_that_takes_too_long_is_given_up_by_the_server_too(client: OpenSearch) -> None:
    actions = [{"_index": f"{LAYOUT.prefix}_slow", "_id": str(n), "_source": {}} for n in range(20_000)]
    helpers.bulk(client, actions, refresh=True)
    # Its own word, not the end of our patience.
    with pytest.raises(UnavailableError, match="search_phase_execution_exception"):
        list(ask_many(client, f"{LAYOUT.prefix}_slow", [slow(10)], bulk.Patience(search=0.2)))
