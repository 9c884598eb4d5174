"""A depthwise convolution that processors train quickly, whatever its border.

oneDNN 3.13 is quick forwards, but takes the gradient of 5x5 weights, and in bfloat16 that of an input at stride 2, by a
way made for full convolutions: up to a hundred times as long as forwards. Both gradients are convolutions of their own,
and depthwise ones, which is how they are worked out here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

_QUICK = 3  # kernels up to here oneDNN takes by a quick way itself: 1 ms at [32, 528, 14, 14], where ours takes 7
_NONE = (0, 0, 0, 0)


class Grid(NamedTuple):
    """Where a square kernel is laid: every `stride` pixels, over zeros left, right, above and below of the photo."""

    stride: int
    border: tuple[int, int, int, int]


class Depthwise(nn.Conv2d):
    """As `like`, whose weights it takes over; its border stays in sight as `static_padding`."""

    def __init__(self, like: nn.Conv2d) -> None:
        extent, stride = like.weight.shape[-1], like.stride[0]
        super().__init__(like.in_channels, like.out_channels, extent, stride, groups=like.groups)
        self.weight, self.bias, self.static_padding = like.weight, like.bias, like.static_padding
        border = like.static_padding.padding if isinstance(like.static_padding, nn.ZeroPad2d) else _NONE
        self._grid = Grid(stride, border)

    def reset_parameters(self) -> None:
        """Draws nothing: weights come from elsewhere, and the run's random numbers stay in their order."""

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, c, h / stride, w / stride], in autocast's type where that is on."""
        if x.device.type != "cpu":
            return super().forward(self.static_padding(x))
        answer: Tensor = _Convolution.apply(x, self.weight, self.bias, self._grid)
        return answer


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, grid: Grid) -> Tensor:
        if torch.is_autocast_enabled("cpu"):
            kind = torch.get_autocast_dtype("cpu")
            x, weight, bias = x.to(kind), weight.to(kind), None if bias is None else bias.to(kind)
        ctx.save_for_backward(x, weight)
        ctx.grid = grid
        return convolved(x, weight, bias, grid)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_x, of_weight, of_bias, _ = ctx.needs_input_grad
        return (
            input_gradient(gradient, weight, ctx.grid, (x.shape[2], x.shape[3])) if of_x else None,
            weight_gradient(gradient, x, weight, ctx.grid) if of_weight else None,
            gradient.sum(dim=(0, 2, 3), dtype=torch.float32) if of_bias else None,
            None,
        )


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None, grid: Grid) -> Tensor:
    """[n, c, h, w], [c, 1, k, k] and [c] -> [n, c, h', w']."""
    left, right, above, below = grid.border
    # Where borders differ, the kernel gets zeros of its own: a fifth of the time that a photo with zeros around takes.
    wider, higher = max(left, right), max(above, below)
    uneven = wider - left, wider - right, higher - above, higher - below
    kernel = functional.pad(weight, uneven) if any(uneven) else weight
    return functional.conv2d(x, kernel, bias, grid.stride, (higher, wider), groups=len(weight))


def input_gradient(gradient: Tensor, weight: Tensor, grid: Grid, size: tuple[int, int]) -> Tensor:
    """[n, c, h', w'] -> [n, c, *size]: what came of a pixel comes back to it through the kernel turned round."""
    last, turned = weight.shape[-1] - 1, weight.flip(2, 3)
    left, _, above, _ = grid.border
    if grid.stride > 1:
        spread = _spread(gradient, grid.stride, (last - above, last - left), (size[0] + last, size[1] + last))
        return convolved(spread, turned, None, Grid(1, _NONE))
    right, below = size[1] + left - gradient.shape[3], size[0] + above - gradient.shape[2]
    return convolved(gradient, turned, None, Grid(1, (last - left, right, last - above, below)))


def _spread(gradient: Tensor, stride: int, begin: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """The gradient from `begin` on in zeros [n, c, *size], with zeros in between where the stride left pixels out."""
    n, c, height, width = gradient.shape
    spread = gradient.new_zeros(n, *size, c).permute(0, 3, 1, 2)
    (top, left), (bottom, right) = begin, (begin[0] + stride * height, begin[1] + stride * width)
    spread[:, :, top:bottom:stride, left:right:stride] = gradient
    return spread


def weight_gradient(gradient: Tensor, x: Tensor, weight: Tensor, grid: Grid) -> Tensor:
    """[n, c, h', w'] and [n, c, h, w] -> [c, 1, k, k], float32."""
    extent = weight.shape[-1]
    return _by_onednn(gradient, x, weight, grid) if extent <= _QUICK else _as_kernel(gradient, x, extent, grid)


def _by_onednn(gradient: Tensor, x: Tensor, weight: Tensor, grid: Grid) -> Tensor:
    left, right, above, below = grid.border
    if (left, above) != (right, below):
        x, left, above = functional.pad(x, grid.border), 0, 0
    strides, padding, wanted = [grid.stride] * 2, [above, left], [False, True, False]
    return torch.ops.aten.convolution_backward(
        gradient, x, weight, None, strides, padding, [1, 1], False, [0, 0], len(weight), wanted
    )[1]


def _as_kernel(gradient: Tensor, x: Tensor, extent: int, grid: Grid) -> Tensor:
    """Each photo's channel is convolved with its gradient, which is laid over it at each place of the kernel."""
    n, c = x.shape[:2]
    left, right, above, below = grid.border
    down, across = max(above, below), max(left, right)
    photos, kernels = _one_photo(x), _one_photo(gradient).transpose(0, 1)
    places = functional.conv2d(photos, kernels, None, 1, (down, across), grid.stride, n * c)
    places = places[:, :, down - above :, across - left :][:, :, :extent, :extent]
    return places.reshape(n, c, extent, extent).sum(dim=0, dtype=torch.float32).unsqueeze(1)


def _one_photo(batch: Tensor) -> Tensor:
    """[n, c, h, w] -> [1, n c, h, w], channels last in memory."""
    n, c, height, width = batch.shape
    return batch.permute(2, 3, 0, 1).reshape(1, height, width, n * c).permute(0, 3, 1, 2)
