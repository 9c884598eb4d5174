from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, numpy_helper

from inference.compile.agree import agree, embed
from inference.compile.graph import properties, to_bytes
from inference.compile.halve import halve
from inference.compile.restore import read_fp32, restore
from inference.serving.committed import CPU_MODEL, MODEL


def test_nothing_of_fp16_is_left_and_names_are_as_before(toy: ModelProto) -> None:
    whole = restore(halve(toy))
    assert {tensor.data_type for tensor in whole.graph.initializer}.isdisjoint({TensorProto.FLOAT16})
    assert {tensor.name for tensor in whole.graph.initializer} == {tensor.name for tensor in toy.graph.initializer}
    assert [node.name for node in whole.graph.node] == [node.name for node in toy.graph.node]
    assert properties(whole) == properties(toy)


def test_it_sees_what_the_model_saw(toy: ModelProto, pixels: np.ndarray) -> None:
    assert agree(restore(halve(toy)), pixels, embed(toy, pixels)).p1 > 0.99999


def test_halved_again_it_is_the_same_file(toy: ModelProto) -> None:
    half = halve(toy)
    assert to_bytes(halve(restore(half))) == to_bytes(half)


def test_a_weight_that_another_node_kept_whole_is_not_rounded(toy: ModelProto) -> None:
    """Here the head, which stays FP32, shares a limit with the convolutions."""
    (divisor,) = [node for node in toy.graph.node if node.name == "divisor"]
    divisor.input.append("six")
    (six,) = [tensor for tensor in toy.graph.initializer if tensor.name == "six"]
    six.CopyFrom(numpy_helper.from_array(np.float32(6.0001), "six"))
    (found,) = [tensor for tensor in restore(halve(toy)).graph.initializer if tensor.name == "six"]
    assert numpy_helper.to_array(found) == np.float32(6.0001)


def test_a_source_is_read_in_fp32_whatever_it_is(toy: ModelProto, tmp_path: Path) -> None:
    for name, model in (("whole", toy), ("half", halve(toy))):
        (tmp_path / name).write_bytes(to_bytes(model))
        assert "precision" not in properties(read_fp32(tmp_path / name))


def test_the_served_models_are_a_source_or_say_that_they_are_none() -> None:
    assert len(read_fp32(MODEL).graph.node) > 100
    with pytest.raises(ValueError, match="is int8 already: start from the FP32 or FP16 model"):
        read_fp32(CPU_MODEL)
