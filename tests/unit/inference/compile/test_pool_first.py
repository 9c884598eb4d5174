from collections import Counter

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper

from inference.compile.agree import agree, embed
from inference.compile.pool_first import pool_first
from inference.compile.quantise import Quantiser
from inference.compile.restore import read_fp32
from inference.compile.scheme import Scheme
from inference.serving.committed import MODEL

STEM_SIDE = 16


def weighed(model: ModelProto, weights: np.ndarray) -> ModelProto:
    """The embedding is turned by the stem's channels: their means, plain and weighted by place."""
    node = helper.make_node
    model.graph.initializer.append(numpy_helper.from_array(weights.astype(np.float32), "weights"))
    head = [n for n in model.graph.node if n.name == "projection"]
    for old in head:
        old.input[0] = "seen"
        old.input[1] = "wide.weight"
    extra = [
        node("ReduceMean", ["stem_out", "plane"], ["even"], "even", keepdims=0),
        node("Mul", ["stem_out", "weights"], ["weighed"], "weigh"),
        node("ReduceMean", ["weighed", "plane"], ["middle"], "middle", keepdims=0),
        node("Concat", ["pooled", "even", "middle"], ["seen"], "seen", axis=1),
    ]
    wide = np.random.default_rng(3).standard_normal((64 + 16, 256)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(wide, "wide.weight"))
    at = next(place for place, n in enumerate(model.graph.node) if n.name == "projection")
    for number, made in enumerate(extra):
        model.graph.node.insert(at + number, made)
    return model


def bell(side: int) -> np.ndarray:
    place = (np.arange(side) + 0.5) / side - 0.5
    line = np.exp(-0.5 * (place / 0.16) ** 2)
    return np.outer(line, line) / line.mean() ** 2


def operations(model: ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def test_weights_that_are_even_over_a_block_change_nothing(toy: ModelProto, pixels: np.ndarray) -> None:
    blocks = np.random.default_rng(2).random((2, 2)).repeat(8, axis=0).repeat(8, axis=1)
    model = weighed(toy, blocks)
    pooled = pool_first(model)
    assert operations(pooled)["AveragePool"] == 1
    np.testing.assert_allclose(embed(pooled, pixels), embed(model, pixels), atol=1e-5)


def test_a_bell_is_nearly_even_over_a_block_of_the_served_model() -> None:
    model = read_fp32(MODEL)
    photos = (
        np.random.default_rng(4).integers(0, 256, (6, 28, 28, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    )
    found = agree(pool_first(model), photos, embed(model, photos))
    assert found.p1 > 0.9999
    assert operations(pool_first(model)) == operations(model) + Counter(AveragePool=1)


def test_a_map_that_blocks_do_not_fill_stays(toy: ModelProto) -> None:
    """Nor does one without weights: there is nothing to win."""
    assert operations(pool_first(toy)) == operations(toy)
    model = weighed(toy, bell(STEM_SIDE))
    weights = next(tensor for tensor in model.graph.initializer if tensor.name == "weights")
    weights.CopyFrom(numpy_helper.from_array(np.ones((1, STEM_SIDE), np.float32), "weights"))
    assert operations(pool_first(model)) == operations(model)


def test_what_is_no_mean_over_the_plane_stays(toy: ModelProto) -> None:
    model = weighed(toy, bell(STEM_SIDE))
    mean = next(node for node in model.graph.node if node.name == "middle")
    mean.op_type = "ReduceMax"
    assert operations(pool_first(model)) == operations(model)
    mean.op_type, mean.input[1] = "ReduceMean", "vector"
    assert operations(pool_first(model)) == operations(model)


def test_a_map_that_is_weighed_twice_is_pooled_once(toy: ModelProto, pixels: np.ndarray) -> None:
    model = weighed(toy, bell(STEM_SIDE))
    places = model.graph.node
    again = [helper.make_node("Mul", ["stem_out", "others"], ["again"], "again")]
    again += [helper.make_node("ReduceMean", ["again", "plane"], ["last_of_all"], "last_of_all", keepdims=0)]
    model.graph.initializer.append(numpy_helper.from_array(np.full((STEM_SIDE, STEM_SIDE), 0.5, np.float32), "others"))
    at = next(place for place, node in enumerate(places) if node.name == "seen")
    places[at].input[1] = "last_of_all"
    for node in again:
        places.insert(at, node)
        at += 1
    pooled = pool_first(model)
    assert operations(pooled)["AveragePool"] == 1
    assert agree(pooled, pixels, embed(model, pixels)).p1 > 0.99


def test_weights_that_two_maps_share_stay(toy: ModelProto) -> None:
    model = weighed(toy, bell(STEM_SIDE))
    at = next(place for place, node in enumerate(model.graph.node) if node.name == "seen")
    model.graph.node.insert(at, helper.make_node("Mul", ["last_out", "weights"], ["other"], "other"))
    assert operations(pool_first(model)) == operations(model)


def test_the_source_is_left_as_it_was(toy: ModelProto) -> None:
    model = weighed(toy, bell(STEM_SIDE))
    before = model.SerializeToString(deterministic=True)
    pool_first(model)
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("layers", [["expand"], ["stem", "expand", "depthwise", "project", "skip", "last"]])
def test_an_integer_model_pools_integers(toy: ModelProto, pixels: np.ndarray, layers: list[str]) -> None:
    model = weighed(toy, bell(STEM_SIDE))
    made = Quantiser(model, pixels[:16], Scheme()).quantise(layers)
    pool = next(node for node in made.graph.node if node.op_type == "AveragePool")
    before = next(node for node in made.graph.node if pool.input[0] in node.output)
    assert before.op_type == "DequantizeLinear"
    assert agree(made, pixels[16:], embed(model, pixels[16:])).p1 > 0.97
