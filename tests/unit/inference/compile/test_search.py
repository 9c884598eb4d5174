import numpy as np
import pytest
from onnx import ModelProto, numpy_helper

from inference.compile.agree import agree, embed
from inference.compile.quantise import Quantiser
from inference.compile.scheme import Scheme
from inference.compile.search import Search, search


@pytest.fixture
def spoilt(toy: ModelProto) -> ModelProto:
    """One channel of `project` is a thousand times as loud as the others, and nobody listens to it.

    Rounded together with it, the others are lost: what `project` gives and what `skip` makes of it should not be INT8.
    """
    for tensor in toy.graph.initializer:
        values = numpy_helper.to_array(tensor).copy()
        if tensor.name in {"project.weight", "project.bias"}:
            values[0] *= 1000
        elif tensor.name == "last.weight":
            values[:, 0] = 0
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return toy


def look(model: ModelProto, pixels: np.ndarray, target: float, most: int) -> tuple[Quantiser, Search, list[str]]:
    quantiser, heard = Quantiser(model, pixels[:12], Scheme()), list[str]()
    probe = pixels[12:]
    found = search(quantiser, probe, embed(model, probe), target=target, most=most, tell=heard.append)
    return quantiser, found, heard


def test_the_layers_that_hurt_are_found_and_left_out(spoilt: ModelProto, pixels: np.ndarray) -> None:
    quantiser, found, _ = look(spoilt, pixels, 0.99, 4)
    assert {loss.node for loss in found.losses} == set(quantiser.layers)
    assert {loss.node for loss in found.losses[:3]} == {"project", "skip", "last"}
    assert found.losses == sorted(found.losses, key=lambda loss: -loss.alone)
    assert found.steps[0].agreement.mean < 0.9
    assert found.reached
    assert {loss.node for loss in found.excluded} == {"project", "skip", "last"}


def test_what_is_claimed_of_the_last_step_is_so(spoilt: ModelProto, pixels: np.ndarray) -> None:
    quantiser, found, _ = look(spoilt, pixels, 0.99, 4)
    kept = {loss.node for loss in found.excluded}
    model = quantiser.quantise([layer for layer in quantiser.layers if layer not in kept])
    assert agree(model, pixels[12:], embed(spoilt, pixels[12:])) == found.steps[-1].agreement


def test_nothing_is_left_out_where_all_is_well(toy: ModelProto, pixels: np.ndarray) -> None:
    _, found, heard = look(toy, pixels, 0.9, 4)
    assert found.excluded == []
    assert found.reached
    assert heard == [f"0 layers in FP32: mean cosine {found.steps[0].agreement.mean:.5f}"]


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_are_left_out_than_allowed(spoilt: ModelProto, pixels: np.ndarray, most: int) -> None:
    _, found, heard = look(spoilt, pixels, 1.1, most)
    assert len(found.excluded) == most
    assert len(heard) == most + 1
    assert not found.reached
