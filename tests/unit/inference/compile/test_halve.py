from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, numpy_helper

from inference.compile.agree import agree, embed, open_session
from inference.compile.graph import properties, to_bytes
from inference.compile.halve import halve
from lookalike.adapters.embedded.embedder import OnnxEmbedder


def test_what_goes_in_and_comes_out_is_as_before(toy: ModelProto, pixels: np.ndarray) -> None:
    half = halve(toy)
    assert half.graph.input == toy.graph.input
    assert half.graph.output == toy.graph.output
    assert agree(half, pixels, embed(toy, pixels)).p1 > 0.9999
    before, after = (open_session(model).run(["CATEGORY"], {"PHOTO": pixels})[0] for model in (toy, half))
    np.testing.assert_allclose(after, before, atol=5e-3)


def test_convolutions_are_halved_stem_and_head_are_not(toy: ModelProto) -> None:
    half = halve(toy)
    types = {tensor.name: tensor.data_type for tensor in half.graph.initializer}
    convolutions = {"expand", "depthwise", "project", "last"}
    assert {name for name, kind in types.items() if kind == TensorProto.FLOAT16} == {
        *(f"{name}.weight_fp16" for name in convolutions),
        *(f"{name}.bias_fp16" for name in convolutions),
        "zero_fp16",
        "six_fp16",
    }
    assert types["stem.weight"] == types["projection.weight"] == types["to_category.weight"] == TensorProto.FLOAT
    assert len(to_bytes(half)) < len(to_bytes(toy))


def test_an_embedding_is_not_rounded_to_half(toy: ModelProto, pixels: np.ndarray) -> None:
    embeddings = embed(halve(toy), pixels)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    assert (embeddings != embeddings.astype(np.float16)).mean() > 0.5


def test_there_are_two_casts_where_there_are_two_borders(toy: ModelProto) -> None:
    casts = [node.name for node in halve(toy).graph.node if node.op_type == "Cast"]
    assert casts == ["pixels", "stem_fp16_cast", "last_out_fp32_cast"]


def test_metadata_is_kept_and_says_what_was_done(toy: ModelProto) -> None:
    assert properties(halve(toy)) == properties(toy) | {"precision": "fp16", "calibration": "none"}


def test_the_same_model_gives_the_same_bytes(toy: ModelProto) -> None:
    assert to_bytes(halve(toy)) == to_bytes(halve(toy))


def test_the_embedder_opens_it(toy: ModelProto, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(to_bytes(halve(toy)))
    assert OnnxEmbedder(tmp_path / "model.onnx", threads=1).facts.preparation == "1"


def test_weights_that_half_cannot_hold_are_told_of(toy: ModelProto) -> None:
    weight = next(tensor for tensor in toy.graph.initializer if tensor.name == "project.weight")
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(1e6), weight.name))
    with pytest.raises(ValueError, match=r"project\.weight has weights beyond FP16's 65504"):
        halve(toy)
