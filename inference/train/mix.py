"""Blend photos in pairs, and what they are with them (mixup; Zhang et al., ICLR 2018).

A teacher's answer to a blend says more than its answer to a photo that it learned
by heart (Beyer et al., CVPR 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Mixed:
    """`photos` [n, 3, s, s]; `categories` [n, c], their share in each; `whole` [n], which were left as they were."""

    photos: Tensor
    categories: Tensor
    whole: Tensor

    def to(self, device: torch.device) -> Mixed:
        """The same on another device."""
        return Mixed(self.photos.to(device), self.categories.to(device), self.whole.to(device))


def mix(photos: Tensor, labels: Tensor, categories: int, probability: float, random: torch.Generator) -> Mixed:
    """Lay over a photo, with `probability`, its neighbour in the batch, as strongly as the photo at most."""
    shares = functional.one_hot(labels, categories).float()
    if not probability:
        return Mixed(photos, shares, torch.ones(len(photos), dtype=torch.bool))
    whole = torch.rand(len(photos), generator=random) >= probability
    kept = torch.where(whole, 1.0, 0.5 + 0.5 * torch.rand(len(photos), generator=random))
    return Mixed(_blended(photos, kept), _blended(shares, kept), whole)


def _blended(batch: Tensor, kept: Tensor) -> Tensor:
    share = kept.view(-1, *(1,) * (batch.dim() - 1))
    return share * batch + (1 - share) * batch.roll(1, dims=0)
