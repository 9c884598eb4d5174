import numpy as np
import pytest
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from inference.compile.agree import embed
from inference.compile.emulate import emulate
from inference.compile.halve import halve
from lookalike.adapters.embedded.silent_onnxruntime import ort


def squares() -> ModelProto:
    """x float32 -> FP16 -> twice times 1.001 -> y float32."""
    node = helper.make_node
    nodes = [
        node("Cast", ["x"], ["half"], to=TensorProto.FLOAT16),
        node("Conv", ["half", "w"], ["once"]),
        node("Conv", ["once", "w"], ["twice"]),
        node("Cast", ["twice"], ["y"], to=TensorProto.FLOAT),
    ]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 1, "n"]) for name in ("x", "y")]
    weight = numpy_helper.from_array(np.full((1, 1, 1, 1), 1.001, np.float16), "w")
    graph = helper.make_graph(nodes, "squares", tensors[:1], tensors[1:], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_every_number_between_layers_is_rounded(scale: float) -> None:
    x = (np.random.default_rng(2).standard_normal((1, 1, 1, 500)) * scale).astype(np.float32)
    weight, once = np.float32(np.float16(1.001)), x.astype(np.float16)
    for _ in range(2):
        once = (once.astype(np.float32) * weight).astype(np.float16)
    session = ort.InferenceSession(emulate(squares()).SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(["y"], {"x": x})[0], once.astype(np.float32))


def test_an_emulated_model_is_close_but_not_the_same(toy: ModelProto, pixels: np.ndarray) -> None:
    half = halve(toy)
    emulated = emulate(half)
    checker.check_model(emulated, full_check=True)
    assert not any(tensor.data_type == TensorProto.FLOAT16 for tensor in emulated.graph.initializer)
    exact, told, seen = (embed(model, pixels) for model in (toy, half, emulated))
    assert 1e-5 < np.abs(seen - exact).max() < 1e-2
    assert not np.array_equal(seen, told), "ONNX Runtime rounds too: this file is no longer needed"
