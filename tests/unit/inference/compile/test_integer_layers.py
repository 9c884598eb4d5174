from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, numpy_helper

from inference.compile.agree import agree, embed
from inference.compile.graph import properties, to_bytes
from inference.compile.quantise import Quantiser
from inference.compile.scheme import Integers, Method, Scheme
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.silent_onnxruntime import ort
from lookalike.testing.onnx_model import write_model

LAYERS = {
    "stem": "stem.weight",
    "expand": "expand.weight",
    "depthwise": "depthwise.weight",
    "project": "project.weight",
    "skip": "stem_out",
    "last": "last.weight",
}


def integers(model: ModelProto) -> dict[str, np.ndarray]:
    """The integer weights, by the tensor they stand for."""
    return {
        tensor.name.removesuffix("_quantized"): numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.name.endswith(".weight_quantized")
    }


@pytest.fixture
def quantiser(toy: ModelProto, pixels: np.ndarray) -> Quantiser:
    return Quantiser(toy, pixels[:16], Scheme())


def test_convolutions_and_sums_can_be_quantised_the_head_cannot(quantiser: Quantiser) -> None:
    assert quantiser.layers == LAYERS


@pytest.mark.parametrize("kind", list(Integers), ids=str)
def test_each_kind_of_integers_stays_close(toy: ModelProto, pixels: np.ndarray, kind: Integers) -> None:
    quantiser = Quantiser(toy, pixels[:16], Scheme(kind))
    model = quantiser.quantise(list(LAYERS))
    assert set(integers(model)) == {name for name in LAYERS.values() if name.endswith(".weight")}
    assert {str(weight.dtype) for weight in integers(model).values()} == {"uint8" if kind == "u8u8" else "int8"}
    agreement = agree(model, pixels[16:], embed(toy, pixels[16:]))
    assert 0.97 < agreement.p1 < 0.99999, "as close as integers are, and no closer"
    assert agreement.photos == 8


@pytest.mark.parametrize("kind", list(Integers), ids=str)
def test_integers_are_measured_exactly_on_every_processor(toy: ModelProto, pixels: np.ndarray, kind: Integers) -> None:
    """Eight bits of weight saturate without VNNI, unless told not to."""
    model = Quantiser(toy, pixels[:16], Scheme(kind, 8)).quantise(list(LAYERS))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # integers in FP32, as written
    plain = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (expected,) = plain.run(["EMBEDDING"], {"PHOTO": pixels})
    assert (embed(model, pixels) * expected).sum(axis=1).min() > 0.999


@pytest.mark.parametrize("method", list(Method), ids=str)
def test_each_method_of_calibration_stays_close(toy: ModelProto, pixels: np.ndarray, method: Method) -> None:
    model = Quantiser(toy, pixels[:16], Scheme(method=method)).quantise(list(LAYERS))
    assert agree(model, pixels[16:], embed(toy, pixels[16:])).mean > 0.95


@pytest.mark.parametrize(("bits", "largest"), [(7, 64), (8, 127)])
def test_weights_have_no_more_bits_than_asked_for(toy: ModelProto, pixels: np.ndarray, bits: int, largest: int) -> None:
    weights = integers(Quantiser(toy, pixels[:4], Scheme(weight_bits=bits)).quantise(list(LAYERS)))
    assert max(np.abs(weight.astype(int)).max() for weight in weights.values()) == largest


def test_weights_are_rounded_by_channel(quantiser: Quantiser) -> None:
    for weight in integers(quantiser.quantise(list(LAYERS))).values():
        largest = np.abs(weight.astype(int)).reshape(len(weight), -1).max(axis=1)
        assert (largest >= 63).all()


def test_only_the_layers_asked_for_are_quantised(quantiser: Quantiser, toy: ModelProto, pixels: np.ndarray) -> None:
    assert set(integers(quantiser.quantise(["project", "skip"]))) == {"project.weight"}
    nothing = quantiser.quantise([])
    assert integers(nothing) == {}
    np.testing.assert_allclose(embed(nothing, pixels), embed(toy, pixels), atol=1e-5)


def test_activations_go_into_the_convolution_before_them(quantiser: Quantiser) -> None:
    clips = [node.name for node in quantiser.quantise(list(LAYERS)).graph.node if node.op_type == "Clip"]
    assert clips == ["divisor"]


def test_what_goes_in_and_comes_out_is_as_before(quantiser: Quantiser, toy: ModelProto, pixels: np.ndarray) -> None:
    model = quantiser.quantise(list(LAYERS), "so")
    assert [tensor.name for tensor in model.graph.input] == ["PHOTO"]
    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
    assert {tensor.name for tensor in model.graph.output} == {"EMBEDDING", "CATEGORY"}
    assert properties(model) == properties(toy) | {"precision": "int8", "calibration": "so"}
    np.testing.assert_allclose(np.linalg.norm(embed(model, pixels), axis=1), 1, atol=1e-6)


def test_the_embedder_opens_it(quantiser: Quantiser, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(to_bytes(quantiser.quantise(list(LAYERS))))
    assert OnnxEmbedder(tmp_path / "model.onnx", threads=1).facts.version.startswith("toy-")


def test_the_source_is_left_as_it_was(toy: ModelProto, pixels: np.ndarray) -> None:
    before = toy.SerializeToString(deterministic=True)
    Quantiser(toy, pixels[:4], Scheme()).quantise(list(LAYERS))
    assert toy.SerializeToString(deterministic=True) == before


def test_a_model_without_convolutions_is_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    model = ModelProto.FromString(write_model(tmp_path / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match="no layer to quantise"):
        Quantiser(model, pixels[:4], Scheme())


@pytest.mark.parametrize("bits", [0, 6, 9])
def test_other_bits_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="7 or 8 bits"):
        Scheme(weight_bits=bits)


@pytest.mark.parametrize(
    ("scheme", "saturates"),
    [
        (Scheme(), False),
        (Scheme(weight_bits=8), True),
        (Scheme(Integers.S8S8, 8), True),
        (Scheme(Integers.U8U8, 8), False),
    ],
    ids=["u8s8-7", "u8s8-8", "s8s8-8", "u8u8-8"],
)
def test_a_scheme_says_whether_it_saturates(scheme: Scheme, saturates: bool) -> None:
    assert scheme.saturates is saturates
