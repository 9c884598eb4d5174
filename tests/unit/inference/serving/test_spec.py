from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.serving.generate import ConfigGenerator
from inference.serving.parse import parse_pbtxt
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

MICROSECONDS = st.integers(1, 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TENSORS = st.lists(
    st.builds(
        Tensor,
        TEXT.filter(bool),
        st.sampled_from(DataType),
        st.lists(st.integers(1, 2**62), min_size=1, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda tensor: tensor.name,
).map(tuple)
QUEUES = st.builds(QueuePolicy, st.integers(1, 2**32 - 1), MICROSECONDS)
RESOURCES = st.builds(
    lambda name, count, shared: Resource(f"{name}-shared" if shared else name, count, shared),
    TEXT.filter(bool),
    st.integers(1, 2**32 - 1),
    st.booleans(),
).filter(lambda resource: resource.shared == resource.name.endswith("-shared"))
RATE_LIMITS = st.builds(
    RateLimit,
    st.lists(RESOURCES, min_size=1, max_size=3, unique_by=lambda resource: resource.name).map(tuple),
    st.integers(1, 2**32 - 1),
)
TENSORRT = st.builds(TensorRt, TEXT.map("/{}".format), st.sampled_from(EnginePrecision), st.integers(1, 2**40))


def accelerators(backend: Backend, groups: list[InstanceGroup]) -> st.SearchStrategy[TensorRt | OpenVino | None]:
    devices = {group.device for group in groups} if backend is Backend.ONNX_RUNTIME else set()
    fitting = {Device.GPU: TENSORRT, Device.CPU: st.just(OpenVino())}
    return st.one_of(st.none(), *(fitting[device] for device in sorted(devices)))


@st.composite
def specs(draw: st.DrawFn) -> ModelSpec:
    largest = draw(st.integers(1, 64))
    sizes = st.lists(st.integers(1, largest), unique=True, max_size=5).map(tuple)
    backend = draw(st.sampled_from(Backend))
    batching = st.builds(
        DynamicBatching,
        QUEUES,
        st.integers(0, 2**62),
        st.dictionaries(st.sampled_from(Level), QUEUES),
        st.sampled_from(Level),
        sizes if backend is Backend.TENSORRT else st.just(()),
    )
    group = st.builds(InstanceGroup, st.sampled_from(Device), st.integers(1, 100), st.none() | RATE_LIMITS)
    several = st.lists(group, min_size=1, max_size=3)
    groups = draw(several.filter(lambda groups: sum(group.count for group in groups) > 1))
    return ModelSpec(
        name=draw(TEXT.filter(bool)),
        backend=backend,
        inputs=draw(TENSORS),
        outputs=draw(TENSORS),
        max_batch_size=largest,
        instances=tuple(groups),
        batching=draw(batching),
        warm_up=draw(sizes),
        parameters=draw(st.dictionaries(TEXT, TEXT, max_size=4)),
        metric_tags=draw(st.dictionaries(TEXT, TEXT, max_size=4)),
        accelerator=draw(accelerators(backend, groups)),
        response_cache=draw(st.booleans()),
        plans=draw(st.dictionaries(st.sampled_from(["7.5", "8.6", "8.9"]), TEXT))
        if backend is Backend.TENSORRT
        else {},
    )


def spec(**changes: object) -> ModelSpec:
    tensor = Tensor("PHOTO", DataType.UINT8, (8, 8, 3))
    whole = ModelSpec(
        name="embedder",
        backend=Backend.PYTHON,
        inputs=(tensor,),
        outputs=(tensor,),
        max_batch_size=8,
        instances=(InstanceGroup(Device.CPU, 2),),
        batching=DynamicBatching(QueuePolicy(64, 1000)),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # a test changes what it likes


@given(specs())
def test_what_is_written_reads_back_the_same(whole: ModelSpec) -> None:
    assert parse_pbtxt(ConfigGenerator(whole).to_pbtxt()) == whole


@given(specs())
def test_the_same_spec_gives_the_same_text(whole: ModelSpec) -> None:
    assert ConfigGenerator(whole).to_pbtxt() == ConfigGenerator(replace(whole)).to_pbtxt()


@pytest.mark.parametrize(
    ("where", "more"),
    [
        ('backend: "python"', 'default_model_filename: "other.onnx"'),
        ("dynamic_batching {", "preserve_ordering: true"),
        ("default_queue_policy {", "timeout_action: DELAY"),
        ("instance_group {", "gpus: 1"),
        ("input {", "optional: true"),
        ("", "response_cache {}"),
        ("", 'optimization { execution_accelerators { gpu_execution_accelerator { name: "cuda" } } }'),
    ],
)
def test_what_a_spec_cannot_say_is_refused_and_not_dropped(where: str, more: str) -> None:
    text = ConfigGenerator(spec()).to_pbtxt()
    assert parse_pbtxt(text) == spec()
    with pytest.raises(ValueError, match="what a spec cannot"):
        parse_pbtxt(text.replace(where, f"{where}\n{more}", 1))


@pytest.mark.parametrize("text", ["max_batch_size", "no_such_field: 1", "name: 3"])
def test_text_that_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a model configuration"):
        parse_pbtxt(text)


def test_a_configuration_without_bounds_is_refused() -> None:
    text = ConfigGenerator(spec()).to_pbtxt()
    with pytest.raises(ValueError, match="size must be at least 1"):
        parse_pbtxt(text.replace("max_queue_size: 64", "max_queue_size: 0"))


@pytest.mark.parametrize("sizes", [(9,), (0,), (2, 2)])
def test_warm_up_runs_sizes_that_can_come_once_each(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="warm_up must be distinct sizes up to 8"):
        spec(warm_up=sizes)


def test_preferred_sizes_are_for_tensorrt_alone() -> None:
    batching = DynamicBatching(QueuePolicy(64, 1000), preferred_sizes=(4, 8))
    assert spec(backend=Backend.TENSORRT, batching=batching).batching.preferred_sizes == (4, 8)
    with pytest.raises(ValueError, match="TensorRT profiles"):
        spec(batching=batching)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QueuePolicy(0, 1), "size must be at least 1"),
        (lambda: QueuePolicy(1, 0), "timeout_us must be at least 1"),
        (lambda: InstanceGroup(Device.GPU, 0), "count must be at least 1"),
        (lambda: Tensor("PHOTO", DataType.UINT8, (-1,)), "PHOTO: dims must be at least 1"),
        (lambda: DynamicBatching(QueuePolicy(1, 1), -1), "delay_us must not be negative"),
        (lambda: spec(max_batch_size=0), "max_batch_size must be at least 1"),
        (lambda: spec(instances=()), "needs two instances at least, has 0"),
        (lambda: spec(instances=(InstanceGroup(Device.GPU),)), "needs two instances at least, has 1"),
        (lambda: Resource("lane", 0), "lane: count must be at least 1"),
        (lambda: Resource(""), "a resource needs a name"),
        (lambda: RateLimit(()), "resources must be named"),
        (lambda: RateLimit((Resource("lane"), Resource("lane", 2))), "once each"),
        (lambda: RateLimit((Resource("lane"),), 0), "priority must be at least 1"),
        (lambda: TensorRt("engines"), "engine_cache must be absolute"),
        (lambda: TensorRt("/engines", workspace_bytes=0), "workspace_bytes must be at least 1"),
    ],
)
def test_numbers_that_bound_nothing_are_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]  # each is a lambda


def test_a_rate_limit_names_its_resources_and_its_share_of_turns() -> None:
    limit = RateLimit((Resource("lane", 2), Resource("memory", 3, shared=True)), 2)
    (group,) = ConfigGenerator(spec(instances=(InstanceGroup(Device.CPU, 2, limit),))).to_message().instance_group
    told = [(each.name, each.count, getattr(each, "global")) for each in group.rate_limiter.resources]
    assert told == [("lane", 2, False), ("memory", 3, True)]
    assert group.rate_limiter.priority == 2


def test_a_resource_is_shared_in_all_groups_or_in_none() -> None:
    groups = [InstanceGroup(Device.CPU, 1, RateLimit((Resource("lane", shared=shared),))) for shared in (True, False)]
    with pytest.raises(ValueError, match=r"shared or not, in all groups alike: \['lane'\]"):
        spec(instances=tuple(groups))


def test_tensorrt_builds_one_engine_for_all_sizes_and_keeps_it() -> None:
    both = (InstanceGroup(Device.GPU, 2),)
    gpu = spec(backend=Backend.ONNX_RUNTIME, instances=both, accelerator=TensorRt("/engines"))
    told = ConfigGenerator(gpu).to_message().optimization.execution_accelerators
    assert [each.name for each in told.gpu_execution_accelerator] == ["tensorrt"]
    assert dict(told.gpu_execution_accelerator[0].parameters) == {
        "precision_mode": "FP16",
        "max_workspace_size_bytes": "1073741824",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": "/engines",
        "trt_profile_min_shapes": "PHOTO:1x8x8x3",
        "trt_profile_opt_shapes": "PHOTO:8x8x8x3",
        "trt_profile_max_shapes": "PHOTO:8x8x8x3",
    }
    assert not told.cpu_execution_accelerator


def test_openvino_is_told_to_the_cpu() -> None:
    told = ConfigGenerator(spec(backend=Backend.ONNX_RUNTIME, accelerator=OpenVino())).to_message()
    section = told.optimization.execution_accelerators
    assert [each.name for each in section.cpu_execution_accelerator] == ["openvino"]
    assert not section.gpu_execution_accelerator


@pytest.mark.parametrize(
    ("backend", "accelerator", "message"),
    [
        (Backend.PYTHON, OpenVino(), "accelerators are ONNX Runtime's"),
        (Backend.TENSORRT, TensorRt("/engines"), "accelerators are ONNX Runtime's"),
        (Backend.ONNX_RUNTIME, TensorRt("/engines"), "runs on KIND_GPU, the instances on KIND_CPU"),
    ],
    ids=["python", "tensorrt", "device"],
)
def test_an_accelerator_is_for_its_backend_and_device(
    backend: Backend, accelerator: TensorRt | OpenVino, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        spec(backend=backend, accelerator=accelerator)


def test_a_response_cache_is_asked_for_or_not_mentioned() -> None:
    assert ConfigGenerator(spec(response_cache=True)).to_message().response_cache.enable
    assert "response_cache" not in ConfigGenerator(spec()).to_pbtxt()
