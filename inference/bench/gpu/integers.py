"""INT8 in PyTorch, which has no integer convolution on GPUs: those of one pixel are matrix products, which it has."""

import torch
from torch import Tensor


def quantise(x: Tensor, scale: float, zero: int, dtype: torch.dtype) -> Tensor:
    """Round to integers, as ONNX's QuantizeLinear does: halves to even, what is out of range to its end."""
    limits = torch.iinfo(dtype)
    return (torch.round(x / scale) + zero).clamp(limits.min, limits.max).to(dtype)


def dequantise(x: Tensor, scale: float, zero: int, dtype: torch.dtype) -> Tensor:
    """The numbers that integers stand for, as ONNX's DequantizeLinear has them."""
    return (x.to(dtype) - zero) * scale


def convolve_pixels(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """A convolution of one pixel in INT8 with sums in 32 bits: int8 [n, c, h, w], channels last -> [n, o, h, w].

    `weight` int8 [o, c]; `scale`, of both factors together, and `bias` float32 [o]. What comes out is FP32 until it
    is cast: PyTorch writes the sums out before they are scaled.
    """
    count, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(-1, channels)
    sums = torch._int_mm(pixels, weight.t()) * scale + bias  # noqa: SLF001 (there is no public name)
    return sums.view(count, height, width, len(weight)).permute(0, 3, 1, 2)
