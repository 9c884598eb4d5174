"""A small convolutional embedder in our contract, and photos in category folders."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from PIL import Image

SIZE = 32
CATEGORIES = ("dress", "shirt", "skirt")
PHOTOS = {"dress": 24, "shirt": 12, "skirt": 4}


def toy_model() -> ModelProto:
    """Stem, an inverted bottleneck with a skip, one more convolution, pooling, unit length, probabilities."""
    random = np.random.default_rng(1)

    def weight(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    stem = weight(8, 3, 3, 3) / 64
    weights = {
        "stem.weight": stem,
        "stem.bias": -127 * stem.sum(axis=(1, 2, 3)),
        "expand.weight": weight(16, 8, 1, 1) * 2,
        "expand.bias": weight(16),
        "depthwise.weight": weight(16, 1, 3, 3) * 2,
        "depthwise.bias": weight(16),
        "project.weight": weight(8, 16, 1, 1),
        "project.bias": weight(8),
        "last.weight": weight(64, 8, 1, 1) * 3,
        "last.bias": weight(64),
        "projection.weight": weight(64, 256),
        "projection.bias": np.zeros(256, np.float32),
        "to_category.weight": weight(256, len(CATEGORIES)) * 30,
        "zero": np.float32(0),
        "six": np.float32(6),
        "tiny": np.float32(1e-12),
        "plane": np.array([2, 3]),
        "vector": np.array([1]),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["PHOTO"], ["planes"], "planes", perm=[0, 3, 1, 2]),
        node("Cast", ["planes"], ["pixels"], "pixels", to=TensorProto.FLOAT),
        *_convolution("stem", "pixels", strides=[2, 2], pads=[0, 0, 1, 1]),
        *_convolution("expand", "stem_out"),
        *_convolution("depthwise", "expand_out", group=16, pads=[1, 1, 1, 1]),
        node("Conv", ["depthwise_out", "project.weight", "project.bias"], ["project"], "project"),
        node("Add", ["project", "stem_out"], ["skip"], "skip"),
        *_convolution("last", "skip"),
        node("ReduceMean", ["last_out", "plane"], ["pooled"], "pool", keepdims=0),
        node("Gemm", ["pooled", "projection.weight", "projection.bias"], ["projected"], "projection"),
        node("ReduceL2", ["projected", "vector"], ["length"], "length", keepdims=1),
        node("Clip", ["length", "tiny"], ["divisor"], "divisor"),
        node("Div", ["projected", "divisor"], ["EMBEDDING"], "unit"),
        node("Gemm", ["EMBEDDING", "to_category.weight"], ["logits"], "logits"),
        node("Softmax", ["logits"], ["CATEGORY"], "probabilities"),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("PHOTO", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("EMBEDDING", TensorProto.FLOAT, ["n", 256]),
            helper.make_tensor_value_info("CATEGORY", TensorProto.FLOAT, ["n", len(CATEGORIES)]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, FACTS)
    return model


def _convolution(name: str, source: str, **attributes: object) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Conv", [source, f"{name}.weight", f"{name}.bias"], [name], name, **attributes),
        helper.make_node("Clip", [name, "zero", "six"], [f"{name}_out"], f"{name}_relu6"),
    ]


FACTS = {
    "name": "toy",
    "preparation": "1",
    "input_size": str(SIZE),
    "categories": json.dumps(CATEGORIES),
    "similarity_slope": "9.5",
    "similarity_intercept": "-4.5",
    "licence": "Apache-2.0",
    "origin": "chance",
}


def picture(seed: int) -> Image.Image:
    """A blurred pattern of its own colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC)


@pytest.fixture
def toy() -> ModelProto:
    return toy_model()


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy") / "model.onnx"
    path.write_bytes(toy_model().SerializeToString(deterministic=True))
    return path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`<category>/<photo>`, as many as `PHOTOS` says."""
    folder = tmp_path_factory.mktemp("photos") / "train"
    seed = 0
    for category, count in PHOTOS.items():
        (folder / category).mkdir(parents=True)
        for number in range(count):
            picture(seed).save(folder / category / f"{number}.png")
            seed += 1
    return folder


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """uint8 [24, 32, 32, 3]."""
    pictures = [picture(seed).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for seed in range(100, 124)]
    return np.stack([np.asarray(image) for image in pictures])
