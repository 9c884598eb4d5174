"""What the two profiles of `infra/` are made of; a test keeps this equal to what `pulumi up` would make."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from lookalike.sizing.demand import Demand
from lookalike.sizing.index_nodes import data_nodes
from lookalike.sizing.shape import CacheShape, ClusterShape, IndexShape, Shape
from lookalike.sizing.triton_replicas import PHOTOS_A_SECOND_ON_A_CPU, PHOTOS_A_SECOND_ON_A_GPU, triton_replicas

Profile = Literal["starter", "production"]

_STARTER_ZONES: Final = 2
_ZONES: Final = 3
_COPIES: Final = 2  # each vector once more, in another zone
_SPARE_GPUS: Final = 2
_SYSTEM_NODES: Final = 2  # GPUs are for models alone


def starter(demand: Demand) -> Shape:
    """For a small shop: no GPU, one node of each."""
    del demand
    return Shape(
        zones=_STARTER_ZONES,
        nat_gateways=1,
        interface_endpoints=0,
        index=IndexShape(
            instance_type="t3.medium.search", nodes=1, manager_type="m7g.medium.search", managers=0, volume_gb=20
        ),
        cache=None,
        cluster=ClusterShape(
            instance_type="c7i.large",
            baseline=1,
            most=2,
            disk_gb=50,
            photos_a_second=PHOTOS_A_SECOND_ON_A_CPU,
            system=0,
        ),
        firewall=False,
        log_retention_days=30,
    )


def production(demand: Demand) -> Shape:
    """For a shop that lives from it: three zones, a spare of everything, GPUs."""
    servers = triton_replicas(demand.photos_a_second, of_one=PHOTOS_A_SECOND_ON_A_GPU, least=4)
    nodes = data_nodes(demand.photos, "r7g.large.search", copies=_COPIES, zones=_ZONES)
    return Shape(
        zones=_ZONES,
        nat_gateways=_ZONES,
        interface_endpoints=1,
        index=IndexShape(
            instance_type="r7g.large.search", nodes=nodes, manager_type="m7g.medium.search", managers=3, volume_gb=100
        ),
        cache=CacheShape(node_type="cache.t4g.small", nodes=3),
        cluster=ClusterShape(
            instance_type="g6.xlarge",
            baseline=_SPARE_GPUS,
            most=servers,
            disk_gb=100,
            photos_a_second=PHOTOS_A_SECOND_ON_A_GPU,
            system=_SYSTEM_NODES,
        ),
        firewall=True,
        log_retention_days=90,
    )


PROFILES: Final[Mapping[str, Callable[[Demand], Shape]]] = {"starter": starter, "production": production}
