from typing import Self

from pydantic import Field, model_validator

from infra.config.section import Section
from infra.config.values import Endpoint, ImageDigest


class ModelConfig(Section):
    """The model that answers."""

    name: str = Field(default="embedder", pattern=r"^[A-Za-z0-9_\-]{1,64}$", description="The model's name in Triton.")
    revision: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{12}$",
        description="One uploaded before, to go back to; null: the one shipped here.",
    )
    input_size: int = Field(default=224, ge=32, le=1024, description="Side of the model's input in pixels.")


class EnginesConfig(Section):
    """TensorRT's engines of the model, built ahead by jobs in the cluster, one for each type of GPU that serves it."""

    enabled: bool = Field(default=False, description="Whether engines are built, and Triton runs them.")
    best_batch: int = Field(default=8, ge=1, le=32, description="Photos at once that engines are tuned for.")
    workspace_mib: int = Field(default=2048, ge=64, le=16_384, description="GPU memory in MiB that building may take.")


class TritonConfig(Section):
    """The inference service of each region: Triton in the cluster, or one that the shop brings."""

    endpoint: Endpoint | None = Field(
        default=None,
        description="host:port of the shop's own gRPC service; null: a cluster is made, with Triton in it.",
    )
    image: ImageDigest | None = Field(
        default=None, description="Triton's image by digest, where the shop keeps a copy; null: the tested one."
    )
    least_replicas: int = Field(ge=0, le=500, description="Servers that are always there; 0 sleeps when unused.")
    most_replicas: int = Field(ge=1, le=500, description="Servers at the peak.")
    engines: EnginesConfig = Field(default=EnginesConfig(), description="TensorRT instead of ONNX Runtime.")
    pod_monitor: bool = Field(default=False, description="Whether a Prometheus operator of the shop's looks at it.")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.least_replicas > self.most_replicas:
            raise ValueError(f"least_replicas ({self.least_replicas}) must not be above {self.most_replicas}")
        return self
