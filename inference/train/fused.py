"""The finished embedder: what training made of a photo, and beside it the colours that its first layer saw.

A network that learns categories forgets colours on the way up; asked to keep them in one vector, it mixes up the
categories. So a vector has two parts, each of a fixed weight in every cosine (late fusion; Snoek et al., "Early versus
late fusion in semantic video analysis", ACM Multimedia 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.train.network import Embedder

_CENTRE_SIGMA = 0.16  # of the side, as in inference.measure.colour


@dataclass(frozen=True)
class Parts:
    """What a vector is put together by.

    `basis` [d, k]: orthonormal axes of the trained vector that are kept; `palette` [1152, c]: axes of colour
    signatures, around `palette_mean` [1152]; `colours` [c, 2 s] and `bias` [c]: how a place on them is read off what
    `pooled` gives; `share` 0..1: the colours' part of a cosine.
    """

    basis: Tensor
    palette: Tensor
    palette_mean: Tensor
    colours: Tensor
    bias: Tensor
    share: float


class Sight(NamedTuple):
    """What a network saw in photos: all that their vectors are put together from, whatever the `Parts`.

    `embeddings` [n, d], unit; `features` [n, 1280], pooled, that they were made from; `channels` [n, 2 s]: `pooled`.
    """

    embeddings: Tensor
    features: Tensor
    channels: Tensor


class Fused(nn.Module):
    """Photos -> (unit vector [n, k + c], cosine to each category's prototype [n, categories])."""

    def __init__(self, network: Embedder, parts: Parts) -> None:
        super().__init__()
        self.network = network
        self.basis = nn.Parameter(parts.basis)
        self.colours = nn.Linear(parts.colours.shape[1], parts.colours.shape[0])
        self.colours.weight, self.colours.bias = nn.Parameter(parts.colours), nn.Parameter(parts.bias)
        self.share = parts.share

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        """Float [n, 3, s, s] in 0..255."""
        return self.put_together(glance(self.network, photos))

    def put_together(self, sight: Sight) -> tuple[Tensor, Tensor]:
        """What `forward` gives, of photos that `network` has seen."""
        embedding = functional.normalize(sight.embeddings @ self.basis)
        cosines = embedding @ functional.normalize(self.network.prototypes @ self.basis).T
        colours = functional.normalize(self.colours(sight.channels))
        whole = torch.cat([(1 - self.share) ** 0.5 * embedding, self.share**0.5 * colours], dim=1)
        return whole, cosines


def glance(network: Embedder, photos: Tensor) -> Sight:
    """One batch, float [n, 3, s, s] in 0..255."""
    first = network.first(photos)
    features = network.deeper(first)
    return Sight(network.embed(features)[0], features, pooled(first, centre(first.shape[2]).to(first)))


def pooled(first: Tensor, middle_weights: Tensor) -> Tensor:
    """The first layer's channels [n, s, h, w], averaged over the photo and over its middle (`centre`): [n, 2 s]."""
    return torch.cat([first.mean(dim=(2, 3)), (first * middle_weights).mean(dim=(2, 3))], dim=1)


def centre(side: int) -> Tensor:
    """Weights [side, side] that fall from the middle as a bell does, 1 on average."""
    offset = (torch.arange(side) + 0.5) / side - 0.5
    bell = torch.exp(-0.5 * (offset / _CENTRE_SIGMA) ** 2)
    return torch.outer(bell, bell) / bell.mean() ** 2
