"""What a role is allowed in OpenSearch is what its adapter needs and no more, by OpenSearch's own security plugin."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException, RequestError

from lookalike.adapters.opensearch.access import SEARCH, WRITE, allow, audit
from lookalike.adapters.opensearch.mapping import IndexLayout
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.domain.filter import Filter
from lookalike.errors import UnavailableError
from lookalike.ports.vector_index import IndexEntry, VectorIndex, VectorQuery
from lookalike.testing import FixedClock
from lookalike.testing.examples import MODEL, SHOP, an_embedding, an_item, item_id, photo_id
from tests.rehearsal.servers.opensearch import OpenSearchMissingError
from tests.rehearsal.servers.secured_opensearch import ADMIN, PASSWORD, secured_opensearch

LAYOUT: Final = IndexLayout(replicas=0, refresh_interval="20ms")
QUERIES: Final = [VectorQuery(an_embedding(1), Filter(()), k=2)]
ENTRIES: Final = [IndexEntry(item_id(n), photo_id(n), an_item(n).all_labels, an_embedding(n)) for n in range(3)]
Open = Callable[[str], OpenSearch]


@pytest.fixture(scope="module")
def open_as() -> Iterator[Open]:
    """Opens a client for a user of a server on which `searcher` and `writer` were allowed, and `nobody` was not."""
    clients: dict[str, OpenSearch] = {}
    try:
        with secured_opensearch("searcher", "writer", "nobody") as url:

            def opened(user: str) -> OpenSearch:
                if user not in clients:
                    clients[user] = OpenSearch(url, http_auth=(user, PASSWORD), timeout=60)
                return clients[user]

            for _ in range(2):  # a deployment is repeated
                allow(opened(ADMIN), SEARCH, role="index-search", backend_role="searcher")
                allow(opened(ADMIN), WRITE, role="index-embed", backend_role="writer")
            OpenSearchVectorIndex(opened("writer"), FixedClock(), LAYOUT).upsert_many(SHOP, ENTRIES)
            yield opened
            for client in clients.values():
                client.close()
    except OpenSearchMissingError as error:
        pytest.skip(str(error))


def index_as(open_as: Open, user: str) -> VectorIndex:
    return OpenSearchVectorIndex(open_as(user), FixedClock(), LAYOUT)


@pytest.mark.parametrize("user", ["searcher", "writer"])
def test_both_search_and_look_up_and_count(open_as: Open, user: str) -> None:
    index = index_as(open_as, user)
    assert [len(hits) for hits in index.search_many(SHOP, QUERIES)] == [2]
    assert [len(hits) for hits in index.search_exactly(SHOP, QUERIES)] == [2]
    assert set(index.find_embeddings(SHOP, MODEL, [photo_id(0)])) == {photo_id(0)}
    (generation,) = index.generations(SHOP)
    assert generation.live


def test_who_writes_relabels_and_removes(open_as: Open) -> None:
    index = index_as(open_as, "writer")
    index.relabel_many(SHOP, [an_item(2)])
    index.upsert_many(SHOP, ENTRIES)
    index.remove_items(SHOP, [item_id(0)])
    index.upsert_many(SHOP, ENTRIES)


@pytest.mark.parametrize("user", ["searcher", "nobody"])
def test_who_searches_does_not_write(open_as: Open, user: str) -> None:
    index = index_as(open_as, user)
    with pytest.raises(UnavailableError, match="403"):
        index.upsert_many(SHOP, ENTRIES)
    with pytest.raises(UnavailableError, match="403"):
        index.remove_items(SHOP, [item_id(0)])


def test_who_was_not_named_does_nothing(open_as: Open) -> None:
    with pytest.raises(UnavailableError, match="403"):
        index_as(open_as, "nobody").search_many(SHOP, QUERIES)


def test_who_writes_does_not_administer(open_as: Open) -> None:
    client, name = open_as("writer"), LAYOUT.index(SHOP, 1)
    for refused in (
        lambda: client.indices.delete(index=name),
        lambda: client.indices.put_settings(index=name, body={"index": {"number_of_replicas": 1}}),
        lambda: client.indices.put_mapping(index=name, body={"properties": {"x": {"type": "keyword"}}}),
        lambda: client.index(index="another", body={"a": 1}),
        lambda: client.cluster.put_settings(body={"persistent": {"cluster.max_shards_per_node": 500}}),
        lambda: client.security.create_role_mapping(role="all_access", body={"backend_roles": ["writer"]}),
    ):
        with pytest.raises(AuthorizationException):
            refused()


def test_a_body_names_no_index_that_its_path_does_not(open_as: Open) -> None:
    body = [{"index": {"_index": LAYOUT.alias(SHOP)}}, {"item": "x"}]
    with pytest.raises(RequestError, match="explicit index in bulk is not allowed"):
        open_as("writer").bulk(index=LAYOUT.alias(SHOP), body=body)


def test_who_is_turned_away_is_written_down_and_not_what_was_asked(open_as: Open) -> None:
    for _ in range(2):
        audit(open_as(ADMIN))
    said = open_as(ADMIN).security.get_audit_configuration()["config"]
    assert said["enabled"] is True
    assert said["audit"]["log_request_body"] is False
    assert "FAILED_LOGIN" not in said["audit"]["disabled_rest_categories"]
    assert "MISSING_PRIVILEGES" not in said["audit"]["disabled_rest_categories"]
