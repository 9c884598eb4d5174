import pytest

from lookalike.errors import InvalidRequestError
from lookalike.sizing.index_nodes import MEMORY_GIB, data_nodes, graph_memory_bytes
from lookalike.sizing.triton_replicas import triton_replicas
from lookalike.sizing.vector_memory import vector_memory_bytes

GIB = 2**30


def test_graphs_have_half_of_what_the_heap_leaves() -> None:
    assert graph_memory_bytes("r7g.large.search") == 4 * GIB
    # The heap stops at 32 GiB, so the largest nodes have more left.
    assert graph_memory_bytes("r7g.4xlarge.search") == 48 * GIB


@pytest.mark.parametrize("instance", MEMORY_GIB)
def test_the_vectors_fit_into_the_nodes_that_are_asked_for(instance: str) -> None:
    for photos in (1, 10**6, 10**8):
        nodes = data_nodes(photos, instance, copies=2, zones=3)
        assert nodes % 3 == 0
        assert nodes * graph_memory_bytes(instance) >= 2 * vector_memory_bytes(photos)
        assert nodes == 3 or (nodes - 3) * graph_memory_bytes(instance) < 2 * vector_memory_bytes(photos)


def test_an_unknown_node_is_named() -> None:
    with pytest.raises(InvalidRequestError, match=r"x9\.huge\.search"):
        graph_memory_bytes("x9.huge.search")


def test_servers_take_the_load_twice_over() -> None:
    assert triton_replicas(0, of_one=400, least=2) == 2
    assert triton_replicas(400, of_one=400, least=2) == 2
    assert triton_replicas(401, of_one=400, least=2) == 3
    assert triton_replicas(4000, of_one=400, least=2, margin=1) == 10
