"""How many OpenSearch data nodes a catalogue's vectors need."""

from math import ceil
from typing import Final

from lookalike.errors import InvalidRequestError
from lookalike.sizing.vector_memory import vector_memory_bytes

MEMORY_GIB: Final = {
    "t3.small.search": 2,
    "t3.medium.search": 4,
    "m7g.medium.search": 4,
    "m7g.large.search": 8,
    "r7g.medium.search": 8,
    "r7g.large.search": 16,
    "r7g.xlarge.search": 32,
    "r7g.2xlarge.search": 64,
    "r7g.4xlarge.search": 128,
}
"""Memory of an instance in GiB.
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html"""
_GIB: Final = 2**30
_LARGEST_HEAP: Final = 32 * _GIB
_GRAPHS_SHARE: Final = 0.5


def graph_memory_bytes(instance_type: str) -> int:
    """Return the bytes that k-NN may fill with graphs on a node: half of what the Java heap leaves.

    The heap is half of the memory, at most 32 GiB; `knn.memory.circuit_breaker.limit` is 50 % of the rest by default.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/knn.html. Raises `InvalidRequestError` for an
    instance whose memory is not known.
    """
    if instance_type not in MEMORY_GIB:
        raise InvalidRequestError(
            "instance_type", f"no memory is known of {instance_type}; known: {', '.join(MEMORY_GIB)}"
        )
    memory = MEMORY_GIB[instance_type] * _GIB
    return int((memory - min(memory // 2, _LARGEST_HEAP)) * _GRAPHS_SHARE)


def data_nodes(photos: int, instance_type: str, *, copies: int, zones: int) -> int:
    """Return how many data nodes hold `copies` of the vectors of `photos`; a multiple of `zones`, at least one each."""
    wanted = vector_memory_bytes(photos) * copies / graph_memory_bytes(instance_type)
    return zones * max(1, ceil(wanted / zones))
