"""Which photos a step sees, and how large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from inference.train.config import Optimisation
from inference.train.dataset import LabelledPhotos

_AT_ONCE = 128


def resized(pixels: Tensor, size: int) -> Tensor:
    """uint8 [n, 3, s, s] at `size` pixels a side, smoothed where that is smaller."""
    if size == pixels.shape[-1]:
        return pixels
    parts = [scaled(part.float(), size).round().to(torch.uint8) for part in torch.split(pixels, _AT_ONCE)]
    return torch.cat(parts)


def at_side(photos: LabelledPhotos, side: int) -> LabelledPhotos:
    """The same photos at `side` pixels a side."""
    pixels = resized(torch.from_numpy(photos.pixels).permute(0, 3, 1, 2), side)
    return replace(photos, pixels=pixels.permute(0, 2, 3, 1).numpy())


def scaled(photos: Tensor, size: int) -> Tensor:
    """Float [n, 3, s, s] at `size` pixels a side, channels last in memory."""
    if size != photos.shape[-1]:
        photos = functional.interpolate(photos, (size, size), mode="bilinear", antialias=True)
    return photos.contiguous(memory_format=torch.channels_last)


def draw(labels: Tensor, how: Optimisation, steps: int, random: torch.Generator) -> Iterator[Tensor]:
    """Rows of one epoch, drawn with replacement, rarer categories more often."""
    weights = torch.bincount(labels)[labels].float() ** -how.balance
    drawn = torch.multinomial(weights, steps * how.batch, replacement=True, generator=random)
    yield from torch.split(drawn, how.batch)
