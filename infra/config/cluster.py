from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from infra.config.section import Section
from infra.config.values import AdminCidr, InstanceType, PrincipalArn


class NodeGroupConfig(Section):
    """Nodes of one kind."""

    instance_types: tuple[InstanceType, ...] = Field(
        min_length=1, max_length=20, description="Types, the preferred first; several help spot groups."
    )
    least: int = Field(ge=0, le=500, description="Nodes that are always there.")
    most: int = Field(ge=1, le=500, description="Nodes at the peak.")
    disk_gb: int = Field(
        default=100, ge=20, le=2000, description="gp3 of each node in GiB; images of Triton are large."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) must not be above most ({self.most})")
        return self


class ClusterConfig(Section):
    """The EKS cluster of each region. `baseline` is on demand; `burst` comes with load; `batch` is spot."""

    kubernetes_version: str = Field(default="1.36", pattern=r"^1\.[0-9]{2}$", description="Of EKS.")
    gpu: bool = Field(description="Whether nodes have GPUs; without, Triton runs on their CPUs.")
    baseline: NodeGroupConfig = Field(description="On demand, carries the floor of Triton's replicas.")
    burst: NodeGroupConfig | None = Field(description="On demand, for searches at their peak; null: none.")
    batch: NodeGroupConfig | None = Field(description="Spot, for bulk indexing; null: none.")
    warm: int = Field(default=0, ge=0, le=50, description="Machines of burst that wait, stopped, to start faster.")
    admin_cidrs: tuple[AdminCidr, ...] = Field(
        default=(), max_length=20, description="Who reaches the cluster's API from outside; none: only this network."
    )
    administrators: tuple[PrincipalArn, ...] = Field(
        default=(), max_length=20, description="Roles that administer the cluster, beside whoever made it."
    )

    @property
    def serving(self) -> Mapping[str, NodeGroupConfig]:
        """The groups that Triton runs on, by their pool's name."""
        groups = {"baseline": self.baseline, "burst": self.burst}
        return {pool: group for pool, group in groups.items() if group is not None}
