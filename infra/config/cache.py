from typing import Annotated

from pydantic import Field

from infra.config.section import Section

CacheNode = Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")]


class CacheConfig(Section):
    """The embedding cache of each region. Without it, each query photo costs an inference; nothing else changes."""

    enabled: bool = Field(description="Whether there is one.")
    node_type: CacheNode = Field(default="cache.t4g.small", description="Size of each node.")
    replicas: int = Field(ge=0, le=5, description="Copies of the primary, in other zones.")
