"""The servings of the shipped model, every number with its reason.

What none of them uses, and why:

- the response cache: it hashes each request, 150 KB a photo; the product's own cache is asked before the model, by the
  hash of what was uploaded;
- the rate limiter: it divides a device between models, and one model has it to itself here;
- an accelerator: ONNX Runtime's TensorRT provider (FP16) builds its engine for minutes at the first start on each type
  of GPU, and a server that grows under load must not; `gpu_spec` takes one for a fleet whose engines were built ahead.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inference.serving.spec import (
    FEWEST_INSTANCES,
    Backend,
    DataType,
    Device,
    DynamicBatching,
    InstanceGroup,
    Level,
    ModelSpec,
    QueuePolicy,
    Tensor,
    TensorRt,
)
from lookalike.domain.embedding import DIMENSIONS
from lookalike.ports.embedder import ModelFacts

NAME: Final = "embedder"
LITE: Final = "embedder-lite"
"""For phones, browsers and small processors; its vectors search what `NAME` indexed."""
_SECOND: Final = 1_000_000
BULK: Final = "-bulk"
"""Ends the name of the model beside one on processors that takes its imports."""
_GPU_BATCH: Final = 32
_CPU_BATCH: Final = 2
_CPU_BULK_BATCH: Final = 16
# Shoppers that may wait, at least: as many as one call sends at once (lookalike/adapters/triton/embedder.py). At four
# times the load those served take about twice as long as at half load, where 1 in 100 finds the queue full
# (docs/benchmarks.md).
_CPU_SHOPPERS: Final = 4


def gpu_spec(facts: ModelFacts, accelerator: TensorRt | None = None) -> ModelSpec:
    """On GPUs, by ONNX Runtime; `accelerator` lets that run TensorRT's engines, for where they are in its cache."""
    spec = _spec(
        facts,
        backend=Backend.ONNX_RUNTIME,
        max_batch_size=_GPU_BATCH,
        instances=(InstanceGroup(Device.GPU, 2),),  # one copies while the other computes
        # No delay: batches fill while both instances are busy, and waiting for more can lose instances (docs/adr).
        batching=DynamicBatching(
            QueuePolicy(512, 20 * _SECOND), level_queues={Level.INTERACTIVE: QueuePolicy(256, _SECOND)}
        ),
    )
    return replace(spec, accelerator=accelerator)


def engine_spec(served: ModelSpec, plans: Mapping[str, str], best: int) -> ModelSpec:
    """As `served`, by TensorRT's engines in place of the graph: `plans` (see `ModelSpec`), tuned for `best` photos."""
    batching = replace(served.batching, preferred_sizes=(best,))
    return replace(served, backend=Backend.TENSORRT, batching=batching, plans=plans, accelerator=None)


def cpu_spec(facts: ModelFacts, cores: int = 2, name: str = NAME) -> ModelSpec:
    """On `cores` processors, by OpenVINO inside Triton's Python backend, one thread and one instance each.

    A single core has two instances, as `ModelSpec` wants.

    One instance on two threads takes a third less of photos that come alone than two on one each: threads wait for
    each other at every layer, and longest where others want their core.
    """
    return _spec(
        facts,
        backend=Backend.PYTHON,
        max_batch_size=_CPU_BATCH,
        instances=(InstanceGroup(Device.CPU, max(FEWEST_INSTANCES, cores)),),
        batching=DynamicBatching(
            QueuePolicy(64, 20 * _SECOND),
            level_queues={Level.INTERACTIVE: QueuePolicy(max(_CPU_SHOPPERS, 2 * cores), _SECOND)},
        ),
        name=name,
        threads="1",
        gives_way="false",
    )


def with_imports_aside(searches: ModelSpec) -> tuple[ModelSpec, ModelSpec]:
    """A `cpu_spec`, and the same model once more beside it, which takes bulk work in processes that give way.

    Triton cannot interrupt a batch, the system can: a search does not wait for imports, and these need not keep their
    batches small for it.
    """
    imports = replace(
        searches,
        name=searches.name + BULK,
        max_batch_size=_CPU_BULK_BATCH,
        warm_up=tuple(range(1, _CPU_BULK_BATCH + 1)),
        parameters={**searches.parameters, "gives_way": "true"},
    )
    return replace(searches, parameters={**searches.parameters, "bulk_model": imports.name}), imports


def cloud_cpu_spec(facts: ModelFacts, cores: int = 2) -> ModelSpec:
    """As `cpu_spec`, by Triton's own ONNX Runtime backend: NVIDIA's image has it, and no OpenVINO for Python.

    https://github.com/triton-inference-server/onnxruntime_backend#onnx-runtime-cpu-execution-provider-options
    """
    rehearsed = cpu_spec(facts, cores)
    return _spec(
        facts,
        backend=Backend.ONNX_RUNTIME,
        max_batch_size=rehearsed.max_batch_size,
        instances=rehearsed.instances,
        batching=rehearsed.batching,
        intra_op_thread_count="1",
        inter_op_thread_count="1",
    )


def _spec(
    facts: ModelFacts,
    *,
    backend: Backend,
    max_batch_size: int,
    instances: tuple[InstanceGroup, ...],
    batching: DynamicBatching,
    name: str = NAME,
    **settings: str,
) -> ModelSpec:
    side = facts.input_size
    return ModelSpec(
        name=name,
        backend=backend,
        inputs=(Tensor("PHOTO", DataType.UINT8, (side, side, 3)),),
        outputs=(
            Tensor("EMBEDDING", DataType.FP32, (DIMENSIONS,)),
            Tensor("CATEGORY", DataType.FP32, (len(facts.categories),)),
        ),
        max_batch_size=max_batch_size,
        instances=instances,
        batching=batching,
        # Both backends plan memory and kernels anew for each shape they meet.
        warm_up=tuple(range(1, max_batch_size + 1)),
        parameters=_parameters(facts) | settings,
        metric_tags={"model_version": facts.version},
    )


def _parameters(facts: ModelFacts) -> dict[str, str]:
    """What clients read of the model (lookalike/adapters/triton/facts.py)."""
    return {
        "version": facts.version,
        "preparation": facts.preparation,
        "input_size": str(facts.input_size),
        "categories": json.dumps(facts.categories),
        "similarity_slope": repr(facts.similarity_slope),
        "similarity_intercept": repr(facts.similarity_intercept),
        "colour_dimensions": str(facts.colour_dimensions),
    }
