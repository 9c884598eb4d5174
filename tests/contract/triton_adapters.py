"""The model as the cloud runs it: a real Triton server with the real model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inference.serving.assemble import assemble_cpu
from lookalike.adapters.embedded.model_file import find_model
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from tests.rehearsal.servers.triton import TritonMissingError, triton_server


@contextmanager
def triton_embedder(folder: Path) -> Iterator[TritonEmbedder]:
    """An embedder over a server that is started for it; skips, saying why, where there is no Triton."""
    repository = assemble_cpu(find_model(), folder / "repository")
    try:
        with triton_server(repository) as server, open_client(server.grpc) as client:
            yield TritonEmbedder(client)
    except TritonMissingError as error:
        pytest.skip(str(error))
