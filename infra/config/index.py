from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.components.index_size import IndexSize
from infra.config.section import Section
from infra.config.values import SecureUrl

SearchInstance = Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$")]


class IndexConfig(Section):
    """The vector index of each region: OpenSearch Service, or one that the shop brings."""

    endpoint: SecureUrl | None = Field(default=None, description="The shop's own OpenSearch; null: one is made.")
    instance_type: SearchInstance = Field(description="Data nodes, e.g. r7g.large.search.")
    instances: int = Field(ge=1, le=80, description="Data nodes, a multiple of the zones.")
    zones: int = Field(ge=1, le=3, description="Availability zones that data nodes stand in.")
    manager_type: SearchInstance = Field(default="m7g.medium.search", description="Dedicated managers' type.")
    managers: int = Field(description="Dedicated managers: 0, 3 or 5.")
    make_service_role: bool = Field(
        default=True, description="Whether AWS's role for search in networks is made; false where the account has it."
    )
    volume_gb: int = Field(ge=10, le=16_000, description="gp3 of each data node in GiB.")

    @property
    def size(self) -> IndexSize:
        """Of each region's index."""
        return IndexSize(
            instance_type=self.instance_type,
            instances=self.instances,
            zones=self.zones,
            volume_gb=self.volume_gb,
            managers=self.managers,
            manager_type=self.manager_type,
        )

    @model_validator(mode="after")
    def _stands(self) -> Self:
        _ = self.size  # which refuses what AWS would
        return self
