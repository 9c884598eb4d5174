import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inference.compile.correct import correct_biases
from lookalike.adapters.embedded.silent_onnxruntime import ort

SCALES = np.array([0.5, 0.25, 0.125, 1], np.float32)


def convolution(weight: np.ndarray, groups: int, *, integers: bool) -> ModelProto:
    """x [1, in, 4, 4] -> y; with `integers`, by weights rounded to multiples of `SCALES`."""
    initializers = [numpy_helper.from_array(np.zeros(4, np.float32), "bias")]
    nodes = []
    if integers:
        rounded = np.round(weight / SCALES[:, None, None, None]).astype(np.int8)
        initializers += [
            numpy_helper.from_array(rounded, "integers"),
            numpy_helper.from_array(SCALES, "scales"),
            numpy_helper.from_array(np.zeros(4, np.int8), "zeros"),
        ]
        nodes.append(helper.make_node("DequantizeLinear", ["integers", "scales", "zeros"], ["weight"], axis=0))
    else:
        initializers.append(numpy_helper.from_array(weight, "weight"))
    nodes.append(helper.make_node("Conv", ["x", "weight", "bias"], ["y"], "convolution", group=groups))
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "one", tensors[:1], tensors[1:], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def bias(model: ModelProto) -> np.ndarray:
    return next(numpy_helper.to_array(tensor) for tensor in model.graph.initializer if tensor.name == "bias")


def run(model: ModelProto, x: np.ndarray) -> np.ndarray:
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(["y"], {"x": x})[0]


@pytest.mark.parametrize(("groups", "inputs"), [(1, 6), (2, 6), (4, 4)])
def test_integers_answer_right_on_average(groups: int, inputs: int) -> None:
    random = np.random.default_rng(groups)
    weight = random.standard_normal((4, inputs // groups, 3, 3)).astype(np.float32)
    mean = random.uniform(1, 9, inputs).astype(np.float32)
    flat = np.broadcast_to(mean[None, :, None, None], (1, inputs, 4, 4))
    exact, rounded = (convolution(weight, groups, integers=integers) for integers in (False, True))
    expected = run(exact, flat)
    assert np.abs(run(rounded, flat) - expected).max() > 0.1
    corrected = bias(correct_biases(exact, rounded, {"x": mean}))
    np.testing.assert_allclose(run(rounded, flat) + corrected[None, :, None, None], expected, atol=1e-4)


def test_a_convolution_in_fp32_keeps_its_bias() -> None:
    exact = convolution(np.full((4, 1, 3, 3), 0.3, np.float32), 4, integers=False)
    assert not bias(correct_biases(exact, exact, {"x": np.ones(4, np.float32)})).any()
