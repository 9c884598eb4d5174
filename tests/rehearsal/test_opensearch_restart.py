import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from lookalike.adapters.opensearch.client import ClientSettings, opensearch_client
from lookalike.adapters.opensearch.mapping import IndexLayout
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.domain.filter import Filter
from lookalike.errors import UnavailableError
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing import FixedClock
from lookalike.testing.examples import SHOP, an_embedding, item_id, photo_id
from tests.rehearsal.servers.opensearch import OpenSearchFailedError, OpenSearchMissingError, opensearch_server

ASK = VectorQuery(an_embedding(1), Filter(), 5)


def entries(*numbers: int) -> list[IndexEntry]:
    return [IndexEntry(item_id(n), photo_id(n), frozenset(), an_embedding(n)) for n in numbers]


def test_a_killed_server_loses_nothing_it_confirmed_and_clients_go_on(tmp_path: Path) -> None:
    try:
        with opensearch_server(folder=tmp_path) as server:
            client = opensearch_client(ClientSettings(server.url, timeout=30, retries=0))
            index = OpenSearchVectorIndex(client, FixedClock(), IndexLayout(replicas=0))
            index.upsert_many(SHOP, entries(1, 2, 3))
            os.kill(server.pid, signal.SIGKILL)
    except OpenSearchMissingError as error:
        pytest.skip(str(error))
    with closing(client):
        for attempt in (lambda: index.search_many(SHOP, [ASK]), lambda: index.upsert_many(SHOP, entries(4))):
            with pytest.raises(UnavailableError):
                attempt()
        with opensearch_server(folder=tmp_path, port=server.port) as again:
            assert again.url == server.url
            assert len(index.search_many(SHOP, [ASK])[0]) == 3
            index.upsert_many(SHOP, entries(4))
            assert len(index.search_many(SHOP, [ASK])[0]) == 4


def test_a_server_that_does_not_come_up_says_what_it_wrote(tmp_path: Path) -> None:
    (tmp_path / "node_1").write_text("a file where its folder should be")
    try:
        with pytest.raises(OpenSearchFailedError, match="node_1"), opensearch_server(folder=tmp_path):
            pass
    except OpenSearchMissingError as error:
        pytest.skip(str(error))
