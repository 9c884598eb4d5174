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
    InstanceGroup,
    Level,
    ModelSpec,
    QueuePolicy,
    Tensor,
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
    groups = st.builds(InstanceGroup, st.sampled_from(Device), st.integers(1, 100))
    return ModelSpec(
        name=draw(TEXT.filter(bool)),
        backend=backend,
        inputs=draw(TENSORS),
        outputs=draw(TENSORS),
        max_batch_size=largest,
        instances=tuple(draw(st.lists(groups, min_size=1, max_size=3))),
        batching=draw(batching),
        warm_up=draw(sizes),
        parameters=draw(st.dictionaries(TEXT, TEXT, max_size=4)),
        metric_tags=draw(st.dictionaries(TEXT, TEXT, max_size=4)),
    )


def spec(**changes: object) -> ModelSpec:
    tensor = Tensor("PHOTO", DataType.UINT8, (8, 8, 3))
    whole = ModelSpec(
        name="embedder",
        backend=Backend.PYTHON,
        inputs=(tensor,),
        outputs=(tensor,),
        max_batch_size=8,
        instances=(InstanceGroup(Device.CPU),),
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
    ],
)
def test_what_a_spec_cannot_say_is_refused_and_not_dropped(where: str, more: str) -> None:
    text = ConfigGenerator(spec()).to_pbtxt()
    assert parse_pbtxt(text) == spec()
    with pytest.raises(ValueError, match="what a spec cannot"):
        parse_pbtxt(text.replace(where, f"{where}\n{more}"))


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
        (lambda: spec(instances=()), "needs instances"),
    ],
)
def test_numbers_that_bound_nothing_are_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]  # each is a lambda
