from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.ports.embedder import Embedder


def open_embedder(address: str, model: str) -> Embedder:
    """The model of this name on the Triton server at host:port; connects when it is first asked."""
    return TritonEmbedder(open_client(address), model)
