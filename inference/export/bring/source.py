"""A model as its library gives it, before anything of ours is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Channels = tuple[float, float, float]


@dataclass(frozen=True)
class Pixels:
    """What a model takes: (value in 0..1 - `mean`) / `std`, by channel R, G, B."""

    mean: Channels
    std: Channels


@dataclass(frozen=True)
class Text:
    """`tower` turns tokens int64 [n, length] into features [n, d]; `tokenize` turns words into tokens."""

    tower: nn.Module
    tokenize: Callable[[Sequence[str]], Tensor]
    length: int
    vocabulary: int


@dataclass(frozen=True)
class Source:
    """`tower` turns `pixels` [n, 3, side, side] into features [n, d]; `pixels` is None where that is not known."""

    tower: nn.Module
    side: int
    pixels: Pixels | None
    text: Text | None = None

    @torch.no_grad()
    def width(self) -> int:
        """d, found by looking at black. Raises `ValueError` where the features are no vector."""
        shape = self.tower(torch.zeros(1, 3, self.side, self.side)).shape
        if len(shape) != 2:  # noqa: PLR2004 (photo, feature)
            raise ValueError(f"gives features of shape {list(shape)} a batch, not one vector a photo")
        return shape[1]
