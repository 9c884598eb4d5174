from typing import Annotated, Self

from pydantic import Field, model_validator

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
    volume_gb: int = Field(ge=10, le=16_000, description="gp3 of each data node in GiB.")

    @model_validator(mode="after")
    def _stands(self) -> Self:
        if self.managers not in (0, 3, 5):
            raise ValueError("managers must be 0, 3 or 5, so that they can agree")
        if self.instances % self.zones:
            raise ValueError(f"instances ({self.instances}) must be a multiple of zones ({self.zones})")
        return self
