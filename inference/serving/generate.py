from typing import Final

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from inference.serving.spec import Backend, DynamicBatching, ModelSpec, QueuePolicy, RateLimit, Tensor, TensorRt

_HEADER: Final = """\
# Made by `python -m inference.serving` from inference/serving/repositories.py; change it there.
# What has Triton's default value is not written: timeout_action is REJECT.
"""
_PLATFORMS: Final = {Backend.ONNX_RUNTIME: "onnxruntime_onnx", Backend.TENSORRT: "tensorrt_plan"}


class ConfigGenerator:
    """Writes a spec as Triton's model configuration, one method a section."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec

    def to_pbtxt(self) -> str:
        """The text of a ``config.pbtxt``; the same spec gives the same text."""
        return _HEADER + str(text_format.MessageToString(self.to_message()))

    def to_message(self) -> triton.ModelConfig:
        """The configuration as Triton's own message."""
        config = triton.ModelConfig()
        self._write_identity(config)
        self._write_tensors(config)
        self._write_instances(config)
        self._write_batching(config)
        self._write_accelerator(config)
        if self._spec.response_cache:
            config.response_cache.enable = True
        self._write_warm_up(config)
        self._write_parameters(config)
        return config

    def _write_identity(self, config: triton.ModelConfig) -> None:
        config.name = self._spec.name
        config.backend = self._spec.backend
        config.platform = _PLATFORMS.get(self._spec.backend, "")
        config.max_batch_size = self._spec.max_batch_size
        config.cc_model_filenames.update(self._spec.plans)

    def _write_tensors(self, config: triton.ModelConfig) -> None:
        for section, tensors in ((config.input, self._spec.inputs), (config.output, self._spec.outputs)):
            for tensor in tensors:
                section.add(name=tensor.name, data_type=_data_type(tensor), dims=tensor.dims)

    def _write_instances(self, config: triton.ModelConfig) -> None:
        for group in self._spec.instances:
            kind = triton.ModelInstanceGroup.Kind.Value(group.device)
            section = config.instance_group.add(kind=kind, count=group.count)
            if group.rate_limit:
                section.rate_limiter.CopyFrom(_rate_limiter(group.rate_limit))

    def _write_batching(self, config: triton.ModelConfig) -> None:
        section, batching = config.dynamic_batching, self._spec.batching
        section.max_queue_delay_microseconds = batching.delay_us
        section.preferred_batch_size.extend(batching.preferred_sizes)
        self._write_queues(section, batching)

    @staticmethod
    def _write_queues(section: triton.ModelDynamicBatching, batching: DynamicBatching) -> None:
        levels = type(batching.default_level)
        section.priority_levels = len(levels)
        section.default_priority_level = batching.default_level
        section.default_queue_policy.CopyFrom(_policy(batching.queue))
        for level, queue in batching.level_queues.items():
            section.priority_queue_policy[level].CopyFrom(_policy(queue))

    def _write_accelerator(self, config: triton.ModelConfig) -> None:
        match self._spec.accelerator:
            case None:
                return
            case TensorRt() as tensorrt:
                section = config.optimization.execution_accelerators.gpu_execution_accelerator
                section.add(name="tensorrt", parameters=_settings(tensorrt) | self._profile())
            case _:
                config.optimization.execution_accelerators.cpu_execution_accelerator.add(name="openvino")

    def _profile(self) -> dict[str, str]:
        """One engine for all sizes, best at the largest; else each size beyond those before builds it anew."""
        bounds = {"min": 1, "opt": self._spec.max_batch_size, "max": self._spec.max_batch_size}
        return {f"trt_profile_{bound}_shapes": self._shapes(size) for bound, size in bounds.items()}

    def _shapes(self, batch: int) -> str:
        return ",".join(f"{tensor.name}:{'x'.join(map(str, (batch, *tensor.dims)))}" for tensor in self._spec.inputs)

    def _write_warm_up(self, config: triton.ModelConfig) -> None:
        for size in self._spec.warm_up:
            sample = config.model_warmup.add(name=f"batch-{size}", batch_size=size)
            for tensor in self._spec.inputs:
                given = sample.inputs[tensor.name]
                given.data_type, given.zero_data = _data_type(tensor), True
                given.dims.extend(tensor.dims)

    def _write_parameters(self, config: triton.ModelConfig) -> None:
        for name, value in self._spec.parameters.items():
            config.parameters[name].string_value = value
        config.metric_tags.update(self._spec.metric_tags)


def _data_type(tensor: Tensor) -> int:
    return int(triton.DataType.Value(tensor.data_type))


def _policy(queue: QueuePolicy) -> triton.ModelQueuePolicy:
    return triton.ModelQueuePolicy(
        timeout_action=triton.ModelQueuePolicy.REJECT,
        default_timeout_microseconds=queue.timeout_us,
        allow_timeout_override=True,
        max_queue_size=queue.size,
    )


def _rate_limiter(limit: RateLimit) -> triton.ModelRateLimiter:
    section = triton.ModelRateLimiter(priority=limit.priority)
    for resource in limit.resources:
        # `global`, Triton's name for it, is a word of Python.
        section.resources.add(name=resource.name, count=resource.count, **{"global": resource.shared})
    return section


def _settings(tensorrt: TensorRt) -> dict[str, str]:
    return {
        "precision_mode": tensorrt.precision,
        "max_workspace_size_bytes": str(tensorrt.workspace_bytes),
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": tensorrt.engine_cache,
    }
