from collections.abc import Iterable, Mapping

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from inference.serving.generate import ConfigGenerator
from inference.serving.spec import (
    Backend,
    DataType,
    Device,
    DynamicBatching,
    EnginePrecision,
    InstanceGroup,
    Level,
    ModelSpec,
    OpenVino,
    QueuePolicy,
    RateLimit,
    Resource,
    Tensor,
    TensorRt,
)


def parse_pbtxt(text: str) -> ModelSpec:
    """The spec that a ``config.pbtxt`` was made from.

    Raises `ValueError` for text that is no model configuration, or says what a spec cannot: nothing is dropped
    silently.
    """
    try:
        config = text_format.Parse(text, triton.ModelConfig())
    except text_format.ParseError as error:
        raise ValueError(f"not a model configuration: {error}") from error
    spec = _spec(config)
    if ConfigGenerator(spec).to_message() != config:
        raise ValueError("the configuration says what a spec cannot")
    return spec


def _spec(config: triton.ModelConfig) -> ModelSpec:
    return ModelSpec(
        name=config.name,
        backend=Backend(config.backend),
        inputs=_tensors(config.input),
        outputs=_tensors(config.output),
        max_batch_size=config.max_batch_size,
        instances=tuple(_group(group) for group in config.instance_group),
        batching=_batching(config.dynamic_batching),
        warm_up=tuple(sample.batch_size for sample in config.model_warmup),
        parameters={name: parameter.string_value for name, parameter in config.parameters.items()},
        metric_tags=dict(config.metric_tags),
        accelerator=_accelerator(config.optimization.execution_accelerators),
        response_cache=config.response_cache.enable,
        plans=dict(config.cc_model_filenames),
    )


def _tensors(section: Iterable[triton.ModelInput | triton.ModelOutput]) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(tensor.name, DataType(triton.DataType.Name(tensor.data_type)), tuple(tensor.dims)) for tensor in section
    )


def _group(group: triton.ModelInstanceGroup) -> InstanceGroup:
    limit = _rate_limit(group.rate_limiter) if group.HasField("rate_limiter") else None
    return InstanceGroup(Device(triton.ModelInstanceGroup.Kind.Name(group.kind)), group.count, limit)


def _rate_limit(section: triton.ModelRateLimiter) -> RateLimit:
    resources = (Resource(each.name, each.count, getattr(each, "global")) for each in section.resources)
    return RateLimit(tuple(resources), section.priority)


def _accelerator(section: triton.ModelOptimizationPolicy.ExecutionAccelerators) -> TensorRt | OpenVino | None:
    """The first that a spec can name; whether there are others, the comparison with what it writes shows."""
    for gpu in section.gpu_execution_accelerator:
        if gpu.name == "tensorrt":
            return _tensorrt(gpu.parameters)
    return OpenVino() if section.cpu_execution_accelerator else None


def _tensorrt(parameters: Mapping[str, str]) -> TensorRt:
    return TensorRt(
        parameters["trt_engine_cache_path"],
        EnginePrecision(parameters["precision_mode"]),
        int(parameters["max_workspace_size_bytes"]),
    )


def _batching(section: triton.ModelDynamicBatching) -> DynamicBatching:
    return DynamicBatching(
        queue=_queue(section.default_queue_policy),
        delay_us=section.max_queue_delay_microseconds,
        level_queues={Level(level): _queue(policy) for level, policy in section.priority_queue_policy.items()},
        default_level=Level(section.default_priority_level),
        preferred_sizes=tuple(section.preferred_batch_size),
    )


def _queue(policy: triton.ModelQueuePolicy) -> QueuePolicy:
    return QueuePolicy(policy.max_queue_size, policy.default_timeout_microseconds)
