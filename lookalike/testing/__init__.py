"""Fakes of every port, for tests of whatever stands on them.

They keep everything in dictionaries, are deterministic and pass the same contract suites as the real adapters
(``tests/contract``).
"""

from lookalike.testing.clock import FixedClock
from lookalike.testing.embedder import FakeEmbedder
from lookalike.testing.embedding_cache import InMemoryEmbeddingCache
from lookalike.testing.event_log import InMemoryEventLog
from lookalike.testing.item_store import InMemoryItemStore
from lookalike.testing.ledger import InMemoryLedger
from lookalike.testing.photo_store import InMemoryPhotoStore
from lookalike.testing.vector_index import InMemoryVectorIndex
from lookalike.testing.work_queue import InMemoryWorkQueue

__all__ = [
    "FakeEmbedder",
    "FixedClock",
    "InMemoryEmbeddingCache",
    "InMemoryEventLog",
    "InMemoryItemStore",
    "InMemoryLedger",
    "InMemoryPhotoStore",
    "InMemoryVectorIndex",
    "InMemoryWorkQueue",
]
