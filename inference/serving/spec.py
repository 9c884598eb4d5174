"""What Triton is told of a model, typed; field for field a subset of Triton's `model_config.proto`.

Every number that bounds something is checked here, so that no configuration can be written in which a queue grows
without bound or waits without end (Triton reads 0 as "no limit").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


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
class InstanceGroup:
    """`count` copies of the model, on each device of that kind."""

    device: Device
    count: int = 1

    def __post_init__(self) -> None:
        _require(self.count >= 1, f"count must be at least 1, is {self.count}")


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
    """A model as Triton serves it.

    `warm_up` names the batch sizes that run once, on zeros, before the model counts as ready. `parameters` are read by
    the model and by clients; `metric_tags` become labels of the model's metrics.
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

    def __post_init__(self) -> None:
        _require(bool(self.name), "a model needs a name")
        _require(bool(self.inputs and self.outputs), "a model needs inputs and outputs")
        _require(bool(self.instances), "a model needs instances")
        _require(self.max_batch_size >= 1, f"max_batch_size must be at least 1, is {self.max_batch_size}")
        self._check_sizes("warm_up", self.warm_up)
        self._check_sizes("preferred_sizes", self.batching.preferred_sizes)
        _require(
            not self.batching.preferred_sizes or self.backend is Backend.TENSORRT,
            f"preferred sizes are for TensorRT profiles, not for {self.backend}",
        )

    def _check_sizes(self, what: str, sizes: tuple[int, ...]) -> None:
        within = all(1 <= size <= self.max_batch_size for size in sizes)
        _require(within and len(set(sizes)) == len(sizes), f"{what} must be distinct sizes up to {self.max_batch_size}")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)
