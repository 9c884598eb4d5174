from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexShape:
    """The OpenSearch domain of a region; `volume_gb` is gp3 of each data node in GiB."""

    instance_type: str
    nodes: int
    manager_type: str
    managers: int
    volume_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheShape:
    """The Valkey nodes of a region, primary and replicas."""

    node_type: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterShape:
    """The nodes that Triton runs on: `baseline` always and on demand; at the peak up to `most` of them.

    `system` nodes of `system_type`, if any, carry what the cluster itself needs. `disk_gb` is GiB of gp3 of one of
    Triton's nodes.
    """

    instance_type: str
    baseline: int
    most: int
    disk_gb: int
    photos_a_second: float
    system: int
    system_type: str = "t3.medium"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one region of a stack is made of, as far as it costs."""

    zones: int
    nat_gateways: int
    interface_endpoints: int
    index: IndexShape
    cache: CacheShape | None
    cluster: ClusterShape
    firewall: bool
    log_retention_days: int
