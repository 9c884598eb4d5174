from pathlib import Path

import pytest
from onnx import ModelProto, helper

from inference.compile.graph import head, read_model, stem
from inference.compile.restore import read_fp32

MODEL = Path(__file__).parents[4] / "model_repo" / "embedder" / "1" / "model.onnx"
FACTS = ["name", "preparation", "input_size", "categories", "similarity_slope", "similarity_intercept", "licence"]


def test_the_stem_is_all_up_to_the_first_convolution(toy: ModelProto) -> None:
    assert stem(toy) == ["planes", "pixels", "stem"]


def test_the_head_is_all_from_the_pooling_on(toy: ModelProto) -> None:
    assert head(toy) == ["pool", "projection", "length", "divisor", "unit", "logits", "probabilities"]


def test_both_ends_of_the_served_model_are_found() -> None:
    model = read_fp32(MODEL)
    types = {node.name: node.op_type for node in model.graph.node}
    assert [types[name] for name in stem(model)] == ["Transpose", "Cast", "Pad", "Conv"]
    unit = ["Gemm", "ReduceL2", "Clip", "Div"]
    trained, colours = ["ReduceMean", *unit], ["ReduceMean", "Mul", "ReduceMean", "Concat", *unit]
    assert [types[name] for name in head(model)] == [*trained, *colours, "Mul", "Mul", "Concat", "Gemm", "Softmax"]


def test_nodes_without_a_name_of_their_own_get_one(toy: ModelProto, tmp_path: Path) -> None:
    toy.graph.node[0].name = ""
    toy.graph.node[1].name = toy.graph.node[2].name
    (tmp_path / "model.onnx").write_bytes(toy.SerializeToString())
    names = [node.name for node in read_model(tmp_path / "model.onnx").graph.node]
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x0a"])
def test_what_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.onnx is not an ONNX model"):
        read_model(tmp_path / "model.onnx")


def test_a_model_of_other_tensors_is_refused(toy: ModelProto, tmp_path: Path) -> None:
    toy.graph.input[0].type.tensor_type.elem_type = 1
    (tmp_path / "model.onnx").write_bytes(toy.SerializeToString())
    with pytest.raises(ValueError, match="not an embedder"):
        read_model(tmp_path / "model.onnx")


@pytest.mark.parametrize("fact", FACTS)
def test_a_model_that_does_not_tell_about_itself_is_refused(toy: ModelProto, tmp_path: Path, fact: str) -> None:
    kept = {entry.key: entry.value for entry in toy.metadata_props if entry.key != fact}
    del toy.metadata_props[:]
    helper.set_model_props(toy, kept)
    (tmp_path / "model.onnx").write_bytes(toy.SerializeToString())
    with pytest.raises(ValueError, match=fact):
        read_model(tmp_path / "model.onnx")
