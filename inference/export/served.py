"""The trained network in the shape it is served: uint8 pixels in, two answers out."""

# ruff: noqa: SLF001 (the backbone package names its layers privately)
from __future__ import annotations

import torch
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite_pytorch.model import MBConvBlock
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_linear_bn_eval

from inference.train.fused import Fused, centre, pooled
from inference.train.network import DEVIATION, MEAN, fold_batch_norms

_TINY = 1e-12  # no vector is that short; keeps 0 / 0 out of the graph


class Served(nn.Module):
    """PHOTO uint8 [n, s, s, 3] -> EMBEDDING [n, d] of unit length, CATEGORY [n, c].

    Holds one convolution or matrix a layer: BatchNorm, normalisation of the
    pixels and the calibrated scale are folded into the weights around them.
    """

    def __init__(self, fused: Fused, scale: float, side: int) -> None:
        super().__init__()
        network = fused.network
        net: EfficientNet = fold_batch_norms(network).backbone
        self.stem = _on_raw_pixels(net._conv_stem)
        self.stem_border = _border(net._conv_stem)
        self.blocks = nn.ModuleList(_Bottleneck(block) for block in net._blocks)
        self.head = _plain(net._conv_head)
        self.projection = _onto(_folded(network.projection, network.projection_norm), fused.basis)
        self.colours, self.share = fused.colours, fused.share
        inner = min(network.side or side, side)
        self.register_buffer("smaller", _resampling(side, inner) if inner < side else None)
        self.register_buffer("middle", centre(inner // 2))
        self.to_category = nn.Linear(fused.basis.shape[1], len(network.prototypes), bias=False)
        self.to_category.weight = nn.Parameter(scale * functional.normalize(network.prototypes @ fused.basis))

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """See the class; pixels are RGB, 0..255."""
        # The border is mid-grey, where the trained network's zeros were after normalisation.
        pixels = photo.permute(0, 3, 1, 2).float()
        if self.smaller is not None:
            # Rows, then columns, each time from the right and never over a swap of the last two axes, which
            # ONNX Runtime would draw into the product: such products fail on a batch of none.
            pixels = ((pixels @ self.smaller).permute(0, 3, 1, 2) @ self.smaller).permute(0, 2, 3, 1)
        raw = functional.pad(pixels, self.stem_border, value=MEAN)
        first = x = functional.relu6(self.stem(raw))
        for block in self.blocks:
            x = block(x)
        features = functional.relu6(self.head(x)).mean(dim=(2, 3))
        trained = _unit(self.projection(features))
        colours = _unit(self.colours(pooled(first, self.middle)))
        whole = torch.cat([(1 - self.share) ** 0.5 * trained, self.share**0.5 * colours], dim=1)
        return whole, self.to_category(trained).softmax(dim=1)


def _resampling(side: int, inner: int) -> Tensor:
    """[side, inner]: what `batches.scaled` does to a row of pixels, as a matrix."""
    rows = torch.eye(side)[None, None]
    return functional.interpolate(rows, (side, inner), mode="bilinear", antialias=True)[0, 0]


def _unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp(min=_TINY)


class _Bottleneck(nn.Module):
    """Inverted bottleneck (Sandler et al., CVPR 2018) of plain convolutions."""

    def __init__(self, block: MBConvBlock) -> None:
        super().__init__()
        expand = getattr(block, "_expand_conv", None)
        self.expand = _plain(expand) if expand is not None else None
        self.depthwise = _plain(block._depthwise_conv)
        self.border = _border(block._depthwise_conv)
        self.project = _plain(block._project_conv)
        shapes = block._block_args
        self.skip = shapes.stride == 1 and shapes.input_filters == shapes.output_filters

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(self.expand(x)) if self.expand is not None else x
        inner: Tensor = self.project(functional.relu6(self.depthwise(functional.pad(wide, self.border))))
        return inner + x if self.skip else inner


def _border(convolution: nn.Conv2d) -> tuple[int, int, int, int]:
    """Zeros added left, right, above and below: TensorFlow's SAME, uneven at stride 2."""
    padding = convolution.static_padding
    if not isinstance(padding, nn.ZeroPad2d):
        return 0, 0, 0, 0
    left, right, above, below = padding.padding
    return left, right, above, below


def _plain(convolution: nn.Conv2d) -> nn.Conv2d:
    """The same weights without the border, which the graph adds in sight."""
    plain = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        _pair(convolution.kernel_size),
        _pair(convolution.stride),
        groups=convolution.groups,
    )
    plain.weight, plain.bias = convolution.weight, convolution.bias
    return plain


def _on_raw_pixels(stem: nn.Conv2d) -> nn.Conv2d:
    """The first convolution on 0..255 instead of (pixel - MEAN) / DEVIATION."""
    plain = _plain(stem)
    weight = stem.weight.detach() / DEVIATION
    folded_bias = stem.bias if stem.bias is not None else torch.zeros(len(weight))
    plain.bias = nn.Parameter(folded_bias.detach() - MEAN * weight.sum(dim=(1, 2, 3)))
    plain.weight = nn.Parameter(weight)
    return plain


def _folded(projection: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    """Projection and its BatchNorm as one affine map."""
    return fuse_linear_bn_eval(projection.eval(), norm.eval())


def _onto(projection: nn.Linear, basis: Tensor) -> nn.Linear:
    """The projection, and where it leads to on the axes `basis` [d, k], as one affine map."""
    onto = nn.Linear(projection.in_features, basis.shape[1])
    onto.weight = nn.Parameter(basis.T @ projection.weight)
    onto.bias = nn.Parameter(projection.bias @ basis)
    return onto


def _pair(extent: int | tuple[int, ...] | list[int]) -> tuple[int, int]:
    """The package writes an extent as a number, a pair or a list of one or two."""
    down, across = (extent, extent) if isinstance(extent, int) else (extent[0], extent[-1])
    return down, across
