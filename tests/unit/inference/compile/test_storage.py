import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inference.compile.graph import to_bytes
from inference.compile.storage import narrow, widen
from lookalike.adapters.embedded.silent_onnxruntime import ort

SIDE = 128


def affine(weight: np.ndarray) -> ModelProto:
    """X [n, 128] -> X W + b."""
    nodes = [helper.make_node("Gemm", ["X", "weight", "bias"], ["Y"], name="affine")]
    tensors = [
        numpy_helper.from_array(weight.astype(np.float32), "weight"),
        numpy_helper.from_array(np.arange(SIDE, dtype=np.float32) / 3, "bias"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIDE]) for name in "XY"]
    graph = helper.make_graph(nodes, "affine", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def answer(model: ModelProto) -> np.ndarray:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (answered,) = session.run(None, {"X": np.eye(SIDE, dtype=np.float32)})
    return np.asarray(answered)


WEIGHT = np.random.default_rng(3).normal(size=(SIDE, SIDE))


def test_the_file_halves_and_answers_within_eleven_bits() -> None:
    whole = affine(WEIGHT)
    stored = narrow(whole)
    assert len(stored.SerializeToString()) < 0.52 * len(whole.SerializeToString())
    np.testing.assert_allclose(answer(stored), answer(whole), rtol=0, atol=2**-11 * np.abs(WEIGHT).max())


def test_widened_again_it_is_the_graph_it_was_with_rounded_weights() -> None:
    model = narrow(affine(WEIGHT))
    widen(model)
    assert model == affine(WEIGHT.astype(np.float16))
    assert to_bytes(model) == to_bytes(affine(WEIGHT)), "storing it once more loses nothing more"


def test_small_weights_and_those_beyond_half_precision_stay_whole() -> None:
    stored = narrow(affine(WEIGHT * 1e6))
    assert {tensor.data_type for tensor in stored.graph.initializer} == {TensorProto.FLOAT}
    bias = next(tensor for tensor in narrow(affine(WEIGHT)).graph.initializer if tensor.name == "bias")
    np.testing.assert_array_equal(numpy_helper.to_array(bias), np.arange(SIDE, dtype=np.float32) / 3)
