"""The depthwise convolution that trains quickly is PyTorch's own, forwards and backwards."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the training extra only")

from hypothesis import given, settings  # noqa: E402 (with the others)
from hypothesis import strategies as st  # noqa: E402 (with the others)
from torch import Tensor, nn  # noqa: E402 (needs torch)
from torch.nn.functional import conv2d, pad  # noqa: E402 (needs torch)

from inference.train.depthwise import Depthwise  # noqa: E402 (needs torch)

CHANNELS = 16
TYPES = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
"""How far apart two ways of adding up may come out, of the largest: bfloat16 has 8 bits."""


@st.composite
def layers(draw: st.DrawFn) -> nn.Conv2d:
    """As the backbone's package makes them: a border module that a convolution without one follows."""
    extent, stride = draw(st.sampled_from([1, 3, 5])), draw(st.sampled_from([1, 2]))
    layer = nn.Conv2d(CHANNELS, CHANNELS, extent, stride, groups=CHANNELS, bias=draw(st.booleans()))
    border = draw(st.tuples(*[st.integers(0, extent - 1)] * 4))
    layer.static_padding = nn.ZeroPad2d(border) if any(border) else nn.Identity()
    return layer


def photos(count: int, sides: tuple[int, int], seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, CHANNELS, *sides, generator=random)
    return drawn.contiguous(memory_format=torch.channels_last).requires_grad_()


def differentiated(answer: Tensor, of: list[Tensor]) -> list[Tensor]:
    """The answer, and the gradients of a loss that no pixel of it leaves alike."""
    weights = torch.linspace(-1, 1, answer.numel()).view(answer.shape).sin()
    return [
        answer.float(),
        *(gradient.float() for gradient in torch.autograd.grad((answer.float() * weights).sum(), of)),
    ]


def alike(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance * max(1, other.abs().max().item()))


sides = st.tuples(st.integers(5, 13), st.integers(5, 13))


@settings(deadline=None)
@given(layer=layers(), count=st.integers(1, 3), sides=sides, kind=st.sampled_from(list(TYPES)), seed=st.integers(0, 99))
def test_answers_and_gradients_are_the_plain_convolutions(
    layer: nn.Conv2d, count: int, sides: tuple[int, int], kind: torch.dtype, seed: int
) -> None:
    """In bfloat16 of the same rounded numbers, which are then added up exactly."""
    x, quick, own = photos(count, sides, seed), Depthwise(layer), list(layer.parameters())
    with torch.autocast("cpu", kind, enabled=kind != torch.float32):
        found = differentiated(quick(x), [x, *own])
    rounded = [tensor.to(kind).float() for tensor in (layer.static_padding(x), *own)]
    plain = conv2d(rounded[0], rounded[1], rounded[2] if len(rounded) > 2 else None, layer.stride, groups=CHANNELS)
    alike(found, differentiated(plain, [x, *own]), TYPES[kind])


def test_autocast_decides_the_answers_type() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS)
    layer.static_padding = nn.ZeroPad2d(1)
    x = photos(1, (8, 8), 1)
    assert Depthwise(layer)(x).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert Depthwise(layer)(x).dtype == torch.bfloat16


def test_it_leaves_the_runs_random_numbers_in_their_order() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS)
    layer.static_padding = nn.ZeroPad2d(1)
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    Depthwise(layer)
    assert torch.equal(torch.rand(4), expected)


def test_weights_that_need_no_gradient_get_none() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 5, groups=CHANNELS).requires_grad_(requires_grad=False)
    layer.static_padding = nn.ZeroPad2d(2)
    x = photos(2, (8, 8), 2)
    Depthwise(layer)(x).sum().backward()
    assert layer.weight.grad is None
    (expected,) = torch.autograd.grad(conv2d(pad(x, (2, 2, 2, 2)), layer.weight, groups=CHANNELS).sum(), x)
    torch.testing.assert_close(x.grad, expected)


def test_a_copy_has_weights_of_its_own() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS)
    layer.static_padding = nn.ZeroPad2d(1)
    quick, x = Depthwise(layer), photos(1, (8, 8), 3)
    before, averaged = quick(x), copy.deepcopy(quick)
    with torch.no_grad():
        averaged.weight.zero_()
    assert torch.equal(quick(x), before)
    assert quick.state_dict().keys() == layer.state_dict().keys(), "a run of before can be read"
