from typing import Self

from pydantic import Field, model_validator

from infra.config.api import ApiConfig, DomainConfig
from infra.config.cache import CacheConfig
from infra.config.cluster import ClusterConfig
from infra.config.demand import Demand
from infra.config.functions import ConsumerConfig, FunctionConfig
from infra.config.gpu_types import pools_by_gpu
from infra.config.index import IndexConfig
from infra.config.network import NetworkConfig
from infra.config.photos import PhotosConfig
from infra.config.profiles import Profile
from infra.config.triton import ModelConfig, TritonConfig
from infra.config.values import Origin, RegionName
from infra.config.watch import WatchConfig
from infra.config.website import WebsiteConfig


class StackConfig(Demand):
    """All keys of a stack, each `lookalike:<name>`; what has no default here, the profile chooses."""

    profile: Profile = Field(default="starter", description="Whose sizes are taken: starter or production.")
    regions: tuple[RegionName, ...] = Field(
        min_length=1, max_length=8, description="Regions to serve from, home first; left out: aws:region alone."
    )
    domain: DomainConfig | None = Field(default=None, description="Names of the shop's own; null: AWS's names.")
    web_origins: tuple[Origin, ...] = Field(
        default=(), max_length=20, description="Sites whose pages may call; no wildcard."
    )
    protect: bool = Field(default=True, description="Whether stores refuse to be deleted.")
    tags: dict[str, str] = Field(
        default_factory=dict,
        max_length=8,
        description="Put on every resource beside two of ours; S3 objects take ten.",
    )

    network: NetworkConfig = Field(description="The VPC.")
    index: IndexConfig = Field(description="The vector index.")
    cache: CacheConfig = Field(description="The embedding cache.")
    cluster: ClusterConfig = Field(description="The cluster that Triton runs in.")
    triton: TritonConfig = Field(description="The inference service.")
    model: ModelConfig = Field(default=ModelConfig(), description="The model.")
    photos: PhotosConfig = Field(default=PhotosConfig(), description="The bucket.")
    api: ApiConfig = Field(description="The HTTP API.")
    website: WebsiteConfig = Field(description="The shopper's page.")
    watch: WatchConfig = Field(description="Logs, alarms and the budget.")

    uploads: FunctionConfig = Field(description="The function that takes uploads and items.")
    search: FunctionConfig = Field(description="The function that searches.")
    prepare: ConsumerConfig = Field(description="The function that prepares photos.")
    embed: ConsumerConfig = Field(description="The function that embeds and indexes.")
    functions_folder: str = Field(
        default="build/functions", min_length=1, description="Holds <architecture>/<function>.zip."
    )

    @property
    def home(self) -> str:
        """The region that holds what there is once."""
        return self.regions[0]

    @model_validator(mode="after")
    def _leads_to_the_nearest(self) -> Self:
        if len(set(self.regions)) != len(self.regions):
            raise ValueError("regions must differ")
        if len(self.regions) > 1 and self.domain is None:
            raise ValueError("several regions need a domain, whose one name leads each shopper to the nearest")
        if len(self.regions) > 1:
            self._can_be_in_several()
        return self

    @model_validator(mode="after")
    def _has_gpus_for_engines(self) -> Self:
        if not self.triton.engines.enabled:
            return self
        if self.triton.endpoint is not None:
            raise ValueError("triton.engines are built in a cluster made here, and triton.endpoint is the shop's own")
        if not self.cluster.gpu:
            raise ValueError("triton.engines run on GPUs, and cluster.gpu is false")
        pools_by_gpu(self.cluster.serving)  # which refuses what engines cannot be built for
        return self

    def _can_be_in_several(self) -> None:
        if self.index.endpoint is not None or self.triton.endpoint is not None:
            raise ValueError("what is brought (index.endpoint, triton.endpoint) is in one region; set one in regions")
        if self.index.size.burstable:
            raise ValueError(f"an index of {self.index.instance_type} is not replicated; take index.instance_type r7g")
        if self.triton.least_replicas == 0:
            raise ValueError("triton.least_replicas must be at least 1 where regions have no queue that wakes it")
