"""Photos in memory that a Triton server on the same machine reads, too: its system shared memory extension.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_shared_memory.md
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory
from typing import cast

import numpy as np

from lookalike.adapters.triton.client import open_client
from lookalike.ports.embedder import Pixels


@contextmanager
def region(address: str, photos: Sequence[Pixels]) -> Iterator[str]:
    """The name by which the server at `address` (host:port) knows where the photos lie, for the length of the block."""
    batch = np.stack(photos)
    memory = SharedMemory(create=True, size=batch.nbytes)
    try:
        cast("memoryview", memory.buf)[: batch.nbytes] = batch.tobytes()
        with open_client(address) as client:
            client.register_system_shared_memory(memory.name, f"/{memory.name}", batch.nbytes)
            yield memory.name
            client.unregister_system_shared_memory(memory.name)
    finally:
        memory.close()
        memory.unlink()
