from lookalike.adapters.opensearch.client import ClientSettings, opensearch_client
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.ports.clock import Clock
from lookalike.ports.vector_index import VectorIndex


def open_index(url: str, clock: Clock) -> VectorIndex:
    """The vector index at this address; connects when it is first asked."""
    return OpenSearchVectorIndex(opensearch_client(ClientSettings(url)), clock)
