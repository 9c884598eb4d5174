from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from inference.bench.gpu.photos import drawn_photos
from inference.bench.gpu.way import Arithmetic, NotBroughtError
from inference.compile.agree import embed as embed_by_onnx_runtime
from inference.compile.agree import open_session
from inference.compile.restore import read_fp32

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")
from inference.bench.gpu import cuda_graph  # noqa: E402 (they import torch)
from inference.bench.gpu.in_torch import embed, to_torch  # noqa: E402

MODEL = Path(__file__).parents[4] / "model_repo" / "embedder" / "1" / "model.onnx"
ROUNDING = 1e-5  # in FP32 each of the two is as much as 5e-6 from FP64
WEIGHTS = np.random.default_rng(1)
node = helper.make_node


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other wait longest where others want their core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model() -> ModelProto:
    return read_fp32(MODEL)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_shipped_model_answers_as_onnx_runtime_has_it(batch: int, model: ModelProto) -> None:
    photos = drawn_photos(batch, 224)
    session = open_session(model)
    embedding, category = session.run(["EMBEDDING", "CATEGORY"], {"PHOTO": photos})
    with torch.inference_mode():
        found = to_torch(model)(torch.from_numpy(photos))
    np.testing.assert_allclose(found[0].numpy(), embedding, atol=ROUNDING)
    np.testing.assert_allclose(found[1].numpy(), category, atol=2e-5)


def test_the_reference_without_onnx_runtime_is_the_same(model: ModelProto) -> None:
    photos = drawn_photos(5, 224)
    np.testing.assert_allclose(embed(model, photos), embed_by_onnx_runtime(model, photos), atol=ROUNDING)


def test_half_weights_stay_half_and_the_answer_single(model: ModelProto) -> None:
    photos = drawn_photos(1, 224)
    network = cuda_graph.network_in(model, Arithmetic.FP16)
    with torch.inference_mode():
        found = network(torch.from_numpy(photos))[0]
    assert found.dtype is torch.float32
    assert np.vdot(found.numpy(), embed(model, photos)) > 0.9999
    kinds = {constant.dtype for constant in network.buffers() if constant.ndim == 4 and constant.shape[1] > 3}
    assert kinds == {torch.float16}
    assert any(constant.dtype is torch.float32 for constant in network.buffers() if constant.ndim == 4)  # the stem


def of_integers(weights: npt.NDArray[np.int8], *, zero: np.generic) -> ModelProto:
    """A convolution of pixels and one of squares, of 8-bit integers, then what the model ends with."""
    constants = {
        "step": np.float32(0.05),
        "zero": np.asarray(zero),
        "weights": weights,
        "weights_step": WEIGHTS.uniform(0.002, 0.02, len(weights)).astype(np.float32),
        "weights_zero": np.zeros(len(weights), np.int8),
        "bias": WEIGHTS.standard_normal(len(weights)).astype(np.float32),
        "square": WEIGHTS.standard_normal((8, 1, 3, 3)).astype(np.float32),
        "least": np.float32(0),
        "most": np.float32(6),
        "plane": np.array([2, 3]),
    }
    nodes = [
        node("Cast", ["PHOTO"], ["x"], to=TensorProto.FLOAT),
        node("QuantizeLinear", ["x", "step", "zero"], ["xq"]),
        node("DequantizeLinear", ["xq", "step", "zero"], ["xd"]),
        node("DequantizeLinear", ["weights", "weights_step", "weights_zero"], ["w"], axis=0),
        node("Conv", ["xd", "w", "bias"], ["pixels"], "pixels"),
        node("Clip", ["pixels", "least", "most"], ["clipped"]),
        node("Conv", ["clipped", "square"], ["squares"], "squares", pads=[0, 0, 1, 1], strides=[2, 2], group=8),
        node("ReduceMean", ["squares", "plane"], ["FOUND"], keepdims=0),
    ]
    return graph(nodes, constants, photo=["n", 8, 6, 6])


def graph(nodes: list[NodeProto], constants: dict[str, object], photo: list[str | int]) -> ModelProto:
    made = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("PHOTO", TensorProto.UINT8, photo)],
        [helper.make_tensor_value_info("FOUND", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize(("zero", "integer"), [(np.int8(0), 1), (np.uint8(3), 0), (np.int8(3), 0)], ids=str)
def test_convolutions_of_pixels_between_symmetric_integers_are_integer(zero: np.generic, integer: int) -> None:
    made = of_integers(WEIGHTS.integers(-128, 128, (8, 8, 1, 1), dtype=np.int8), zero=zero)
    pixels = WEIGHTS.integers(0, 8, (2, 8, 6, 6), dtype=np.uint8)
    network = to_torch(made)
    (found,) = network(torch.from_numpy(pixels))
    assert network.integer_convolutions == integer
    np.testing.assert_allclose(found.numpy(), open_session(made).run(None, {"PHOTO": pixels})[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (node("Hardmax", ["x"], ["FOUND"]), "no Hardmax"),
        (node("Conv", ["x", "w"], ["FOUND"], "c", auto_pad="SAME_UPPER"), "c: this convolution"),
        (node("Conv", ["x", "x"], ["FOUND"], "c"), "c: input 1 is no constant"),
        (node("Gemm", ["x", "w"], ["FOUND"], "g", alpha=2.0), "g: only a plain product"),
        (node("Pad", ["x", "w"], ["FOUND"], "p", mode="reflect"), "p: only padding"),
        (node("ReduceMean", ["x"], ["FOUND"], "r"), "r: its axes are missing"),
        (node("QuantizeLinear", ["x", "w"], ["FOUND"], "q"), "q: only one scale"),
    ],
    ids=lambda value: value.op_type if isinstance(value, NodeProto) else "",
)
def test_what_the_exported_graph_never_held_is_refused_by_name(made: NodeProto, says: str) -> None:
    cast = node("Cast", ["PHOTO"], ["x"], to=TensorProto.FLOAT)
    with pytest.raises(ValueError, match=says):
        to_torch(graph([cast, made], {"w": np.ones((1, 1, 1, 1), np.float32)}, photo=["n", 1, 4, 4]))


def test_integers_of_another_kind_are_not_brought(model: ModelProto) -> None:
    with pytest.raises(NotBroughtError, match="s8s8"):
        cuda_graph.network_in(model, Arithmetic.INT8)


class Graph:
    replayed = 0

    def replay(self) -> None:
        Graph.replayed += 1


class Event:
    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.at = Graph.replayed

    def synchronize(self) -> None:
        assert self.at == Graph.replayed

    def elapsed_time(self, later: "Event") -> float:
        return 0.5 * (later.at - self.at)


class Stream:
    def wait_stream(self, _: object) -> None: ...
    def synchronize(self) -> None: ...


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU whose graphs replay nothing, half a millisecond a time."""

    @contextmanager
    def capture(_: Graph) -> Iterator[None]:
        yield

    cuda = {"CUDAGraph": Graph, "graph": capture, "Event": Event, "Stream": Stream, "current_stream": Stream}
    monkeypatch.setattr(torch, "cuda", SimpleNamespace(stream=nullcontext, **cuda))
    for method in ("cuda", "pin_memory"):
        monkeypatch.setattr(torch.Tensor, method, lambda self: self)
    monkeypatch.setattr(Graph, "replayed", 0)


@pytest.mark.usefixtures("pretended")
def test_a_captured_graph_is_replayed_between_two_events_and_its_answer_copied_out() -> None:
    ticks = iter([0.0, 0.25, 1.0])
    captured = cuda_graph._Captured(
        lambda photos: (photos.float().mean((1, 2)), None), np.full((2, 4, 4, 3), 7, np.uint8), lambda: next(ticks)
    )
    assert captured.milliseconds(10) == 5
    np.testing.assert_array_equal(captured.answer(), np.full((2, 3), 7))
    assert Graph.replayed == 11
    assert captured.latencies(2) == [250, 750]
