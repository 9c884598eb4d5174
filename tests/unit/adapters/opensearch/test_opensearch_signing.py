"""What goes over the wire to OpenSearch Service is signed as AWS computes it, and only where that is asked for."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, repeat

import pytest
from botocore.credentials import ReadOnlyCredentials
from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.bulk import Patience, insert, write
from lookalike.adapters.opensearch.client import AwsSigning, ClientSettings, opensearch_client
from lookalike.adapters.opensearch.query import nearest
from lookalike.domain.filter import Filter
from lookalike.domain.label import Label
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing.examples import an_embedding, item_id, photo_id
from tests.unit.adapters.opensearch.signed_server import SignedServer, signed_server

FIRST = ReadOnlyCredentials("AKIDFIRST", "a secret", None)
SECOND = ReadOnlyCredentials("ASIASECOND", "another secret", "a token/with+signs=")
ENTRY = IndexEntry(item_id(1), photo_id(1), frozenset({Label.parse("colour:grün & blau")}), an_embedding(1))
QUERY = VectorQuery(an_embedding(1), Filter(), 5)

REQUESTS: dict[str, Callable[[OpenSearch], object]] = {
    "mapping": lambda client: client.indices.get_mapping(index="lookalike_shop", ignore_unavailable=True),
    "generations": lambda client: client.indices.get(index="lookalike_shop_*"),
    "create": lambda client: client.indices.create(index="lookalike_shop_1", body={"mappings": {}}),
    "refresh": lambda client: client.indices.refresh(index="lookalike_shop"),
    "search": lambda client: client.msearch(index="lookalike_shop", body=[{}, nearest(QUERY, 100)]),
    "document": lambda client: client.get(index="a,b", id="ein Stück/ä+%2F~:@="),
    "delete": lambda client: client.indices.delete(index="lookalike_shop_1", ignore_unavailable=True),
}


@dataclass(frozen=True, slots=True)
class Renewing:
    """Credentials of which the next request has the next."""

    them: Iterator[ReadOnlyCredentials]

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return next(self.them)


@pytest.fixture
def server() -> Iterator[SignedServer]:
    with signed_server() as running:
        yield running


def signing(*credentials: ReadOnlyCredentials) -> AwsSigning:
    return AwsSigning(
        credentials=Renewing(chain(credentials, repeat(credentials[-1]))),
        region="eu-central-1",
    )


@pytest.mark.parametrize("credentials", [FIRST, SECOND], ids=["key", "key and token"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_every_request_is_signed(
    server: SignedServer, request_: Callable[[OpenSearch], object], credentials: ReadOnlyCredentials
) -> None:
    with closing(opensearch_client(ClientSettings(server.url, signing=signing(credentials)))) as client:
        request_(client)
    (received,) = server.received
    assert received.is_signed_by(credentials)
    assert (received.said["region"], received.said["service"]) == ("eu-central-1", "es")
    assert received.headers.get("x-amz-security-token") == credentials.token
    assert ("x-amz-security-token" in received.said["headers"]) is (credentials.token is not None)


def test_a_bulk_is_signed_over_its_whole_body(server: SignedServer) -> None:
    settings = ClientSettings(server.url, signing=signing(FIRST))
    # An empty object is no answer to a bulk.
    with closing(opensearch_client(settings)) as client, pytest.raises(KeyError):
        write(client, "lookalike_shop", [insert(ENTRY)] * 300, Patience(retries=0))
    received = server.received[0]
    assert len(received.body) > 500_000
    assert received.is_signed_by(FIRST)
    assert not replace(received, body=received.body[:-2] + b"X\n").is_signed_by(FIRST)


def test_what_was_changed_on_its_way_is_noticed(server: SignedServer) -> None:
    with closing(opensearch_client(ClientSettings(server.url, signing=signing(FIRST)))) as client:
        client.indices.get_mapping(index="lookalike_shop")
    (received,) = server.received
    assert not replace(received, target="/lookalike_other/_mapping").is_signed_by(FIRST)
    assert not replace(received, method="DELETE").is_signed_by(FIRST)
    assert not received.is_signed_by(SECOND)


def test_credentials_that_were_renewed_sign_the_next_request(server: SignedServer) -> None:
    with closing(opensearch_client(ClientSettings(server.url, signing=signing(FIRST, SECOND)))) as client:
        for _ in range(2):
            client.indices.refresh(index="lookalike_shop")
    first, second = server.received
    assert first.is_signed_by(FIRST)
    assert second.is_signed_by(SECOND)


def test_what_is_sent_again_is_signed_again(server: SignedServer) -> None:
    server.status = [503]
    with closing(opensearch_client(ClientSettings(server.url, signing=signing(FIRST, SECOND)))) as client:
        client.indices.refresh(index="lookalike_shop")
    assert server.received[1].is_signed_by(SECOND)


def test_a_collection_without_servers_has_another_name(server: SignedServer) -> None:
    serverless = replace(signing(FIRST), service="aoss")
    with closing(opensearch_client(ClientSettings(server.url, signing=serverless))) as client:
        client.indices.refresh(index="lookalike_shop")
    (received,) = server.received
    assert received.is_signed_by(FIRST)
    assert received.said["service"] == "aoss"


def test_nothing_is_signed_unasked(server: SignedServer) -> None:
    with closing(opensearch_client(ClientSettings(server.url))) as client:
        client.indices.refresh(index="lookalike_shop")
    (received,) = server.received
    assert not {"authorization", "x-amz-date"} & set(received.headers)
