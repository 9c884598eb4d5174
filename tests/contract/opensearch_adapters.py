"""The vector index on a real OpenSearch: a server a session, and for each test a prefix of its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

import pytest

from lookalike.adapters.opensearch.client import ClientSettings, opensearch_client
from lookalike.adapters.opensearch.mapping import IndexLayout
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.testing import FixedClock
from tests.rehearsal.servers.opensearch import OpenSearchMissingError, opensearch_server

_fresh = count()
QUICK = "20ms"
"""Between two refreshes: writes wait for the next one, as they do in the cloud, where it comes every second."""


@contextmanager
def running_opensearch() -> Iterator[str]:
    """Run a server until this ends; its address. Skips, saying why, where its parts cannot be had."""
    try:
        with opensearch_server() as server:
            yield server.url
    except OpenSearchMissingError as error:
        pytest.skip(str(error))


@contextmanager
def opensearch_vector_index(url: str) -> Iterator[OpenSearchVectorIndex]:
    """An index that no other test sees; deleted at the end."""
    layout = IndexLayout(prefix=f"test-{next(_fresh)}", replicas=0, refresh_interval=QUICK)
    with closing(opensearch_client(ClientSettings(url, timeout=30))) as client:
        try:
            yield OpenSearchVectorIndex(client, FixedClock(), layout)
        finally:
            client.indices.delete(index=f"{layout.prefix}_*")
