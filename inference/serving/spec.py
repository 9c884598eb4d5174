"""What Triton is told of a model, typed; field for field a subset of Triton's `model_config.proto`.

Every number that bounds something is checked here, so that no configuration can be written in which a queue grows
without bound or waits without end (Triton reads 0 as "no limit").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

FEWEST_INSTANCES: Final = 2
"""Of a model; `ModelSpec` says why."""


class Backend(StrEnum):
    """What runs the model inside Triton."""

    ONNX_RUNTIME = "onnxruntime"
    TENSORRT = "tensorrt"
    PYTHON = "python"


class DataType(StrEnum):
    """Element types of tensors, by Triton's names."""

    UINT8 = "TYPE_UINT8"
    FP32 = "TYPE_FP32"


class Device(StrEnum):
    """Where instances run."""

    CPU = "KIND_CPU"
    GPU = "KIND_GPU"


class EnginePrecision(StrEnum):
    """What ONNX Runtime's TensorRT provider may compute in, whatever the graph's own types (`inference.compile`'s)."""

    FP32 = "FP32"
    FP16 = "FP16"


class Level(IntEnum):
    """Triton's priority levels; a lower number goes first."""

    INTERACTIVE = 1
    BULK = 2


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named input or output. `dims` leave out the batch; each is at least 1."""

    name: str
    data_type: DataType
    dims: tuple[int, ...]

    def __post_init__(self) -> None:
        _require(bool(self.name), "a tensor needs a name")
        _require(bool(self.dims) and min(self.dims) >= 1, f"{self.name}: dims must be at least 1, are {self.dims}")


@dataclass(frozen=True, slots=True)
class Resource:
    """`count` of what an instance holds while it runs; `shared`: one stock for all devices, not one a device."""

    name: str
    count: int = 1
    shared: bool = False

    def __post_init__(self) -> None:
        _require(bool(self.name), "a resource needs a name")
        _require(self.count >= 1, f"{self.name}: count must be at least 1, is {self.count}")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """An instance runs when its resources are free; one of `priority` 2 gets half the turns of one of 1.

    For models that share a device; Triton heeds it when started with ``--rate-limit=execution_count``.
    """

    resources: tuple[Resource, ...]
    priority: int = 1

    def __post_init__(self) -> None:
        names = [resource.name for resource in self.resources]
        _require(bool(names) and len(set(names)) == len(names), f"resources must be named, once each, are {names}")
        _require(self.priority >= 1, f"priority must be at least 1, is {self.priority}")


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """`count` copies of the model, on each device of that kind."""

    device: Device
    count: int = 1
    rate_limit: RateLimit | None = None

    def __post_init__(self) -> None:
        _require(self.count >= 1, f"count must be at least 1, is {self.count}")


@dataclass(frozen=True, slots=True)
class TensorRt:
    """ONNX Runtime's TensorRT provider, on GPUs: it builds an engine, for minutes, where it finds none.

    Engines stand in the folder `engine_cache` of the server (absolute), so that a start does not build again; building
    takes up to `workspace_bytes` of the GPU.
    https://github.com/triton-inference-server/onnxruntime_backend#onnx-runtime-with-tensorrt-optimization
    """

    engine_cache: str
    precision: EnginePrecision = EnginePrecision.FP16
    workspace_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        _require(self.engine_cache.startswith("/"), f"engine_cache must be absolute, is {self.engine_cache!r}")
        _require(self.workspace_bytes >= 1, f"workspace_bytes must be at least 1, is {self.workspace_bytes}")


@dataclass(frozen=True, slots=True)
class OpenVino:
    """ONNX Runtime's OpenVINO provider, on CPUs, where the backend was built with it."""


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How long a queue may get (`size` requests) and how long a request waits in it (`timeout_us` microseconds).

    One that comes to a full queue or waits longer is refused (Triton's timeout action REJECT, the only one used
    here); a request may ask for a shorter time-out than this, never for a longer one.
    """

    size: int
    timeout_us: int

    def __post_init__(self) -> None:
        _require(self.size >= 1, f"size must be at least 1, is {self.size}")
        _require(self.timeout_us >= 1, f"timeout_us must be at least 1, is {self.timeout_us}")


@dataclass(frozen=True, slots=True)
class DynamicBatching:
    """Requests that wait together run together.

    A batch waits up to `delay_us` microseconds for more (0: it takes what is there). Each level has the `queue`, or
    its own in `level_queues`; a request that names no level gets `default_level`. `preferred_sizes` are for TensorRT
    engines whose profiles ask for them.

    With a delay, some versions of Triton lose instances for good, a batch at a time, where two batches that waited
    are merged: https://github.com/triton-inference-server/server/issues/8870
    """

    queue: QueuePolicy
    delay_us: int = 0
    level_queues: Mapping[Level, QueuePolicy] = field(default_factory=dict)
    default_level: Level = Level.BULK
    preferred_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _require(self.delay_us >= 0, f"delay_us must not be negative, is {self.delay_us}")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as Triton serves it, by two instances or more.

    Bounded queues need the second: where they are bounded Triton (2.51 measured, its source of June 2026 reads the
    same) may not notice that its only instance has become free until another request is queued, or half a second has
    passed (`DynamicBatchScheduler::WaitForPayloadSlotAvailable`). At four times the load, with its queue full, one
    instance served a tenth of what it can (docs/benchmarks.md).

    `warm_up` names the batch sizes that run once, on zeros, before the model counts as ready. `parameters` are read by
    the model and by clients; `metric_tags` become labels of the model's metrics. With `response_cache` (and a server
    started with ``--cache-config``) the answer to the very same bytes is not computed again. `plans` names the file of
    each TensorRT engine by the compute capability (``8.9``) of the GPUs that it is for; Triton takes its own GPU's.
    """

    name: str
    backend: Backend
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    max_batch_size: int
    instances: tuple[InstanceGroup, ...]
    batching: DynamicBatching
    warm_up: tuple[int, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    metric_tags: Mapping[str, str] = field(default_factory=dict)
    accelerator: TensorRt | OpenVino | None = None
    response_cache: bool = False
    plans: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(bool(self.name), "a model needs a name")
        _require(bool(self.inputs and self.outputs), "a model needs inputs and outputs")
        enough = self.instance_count >= FEWEST_INSTANCES
        _require(enough, f"a model needs two instances at least, has {self.instance_count}: see ModelSpec")
        _require(self.max_batch_size >= 1, f"max_batch_size must be at least 1, is {self.max_batch_size}")
        self._check_sizes("warm_up", self.warm_up)
        self._check_sizes("preferred_sizes", self.batching.preferred_sizes)
        _require(
            not self.batching.preferred_sizes or self.backend is Backend.TENSORRT,
            f"preferred sizes are for TensorRT profiles, not for {self.backend}",
        )
        _require(not self.plans or self.backend is Backend.TENSORRT, f"plans are TensorRT's, not for {self.backend}")
        self._check_resources()
        self._check_accelerator()

    @property
    def instance_count(self) -> int:
        """Copies of the model over all groups, counted for one device of each kind."""
        return sum(group.count for group in self.instances)

    def _check_sizes(self, what: str, sizes: tuple[int, ...]) -> None:
        within = all(1 <= size <= self.max_batch_size for size in sizes)
        _require(within and len(set(sizes)) == len(sizes), f"{what} must be distinct sizes up to {self.max_batch_size}")

    def _check_resources(self) -> None:
        limits = [group.rate_limit for group in self.instances if group.rate_limit]
        kinds = {(resource.name, resource.shared) for limit in limits for resource in limit.resources}
        both = {name for name, shared in kinds if (name, not shared) in kinds}
        _require(not both, f"resources are shared or not, in all groups alike: {sorted(both)}")

    def _check_accelerator(self) -> None:
        if self.accelerator is None:
            return
        _require(self.backend is Backend.ONNX_RUNTIME, f"accelerators are ONNX Runtime's, not for {self.backend}")
        device = Device.GPU if isinstance(self.accelerator, TensorRt) else Device.CPU
        found = {group.device for group in self.instances}
        _require(device in found, f"the accelerator runs on {device}, the instances on {', '.join(sorted(found))}")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)
