"""The brought towers in the shape they are served: unit vectors in one space, whatever they were made from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inference.export.bring.project import Projection
from inference.export.bring.source import Pixels

_WHITE = 255.0
_TINY = 1e-12  # no vector is that short; keeps 0 / 0 out of the graph


class PhotoFeatures(nn.Module):
    """PHOTO uint8 [n, s, s, 3] -> unit features [n, d] of the brought tower."""

    def __init__(self, tower: nn.Module, pixels: Pixels) -> None:
        super().__init__()
        self.tower = tower
        mean, std = (torch.tensor(channels).reshape(3, 1, 1) for channels in (pixels.mean, pixels.std))
        self.register_buffer("factor", 1 / (_WHITE * std))
        self.register_buffer("offset", -mean / std)

    def forward(self, photo: Tensor) -> Tensor:
        """See the class; pixels are RGB, 0..255."""
        return unit(self.tower(photo.permute(0, 3, 1, 2).float() * self.factor + self.offset))


class TextFeatures(nn.Module):
    """TOKENS int64 [n, length] -> unit features [n, d] of the brought tower."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, tokens: Tensor) -> Tensor:
        """See the class."""
        return unit(self.tower(tokens))


class Projected(nn.Module):
    """What `features` [n, d] gives, less `centre`, projected -> EMBEDDING [n, 256] of unit length."""

    def __init__(self, features: nn.Module, centre: Tensor, projection: Projection) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("centre", centre)
        self.register_buffer("matrix", torch.from_numpy(projection.matrix).float())

    def forward(self, given: Tensor) -> Tensor:
        """See the class."""
        # The centre goes first: subtracted after the matrix, it would leave little of float32's digits.
        return unit((self.features(given) - self.centre) @ self.matrix)


class PhotoTower(nn.Module):
    """PHOTO uint8 [n, s, s, 3] -> EMBEDDING [n, 256] of unit length, CATEGORY [n, c]."""

    def __init__(self, embed: Projected, prototypes: Tensor, scale: float) -> None:
        super().__init__()
        self.embed = embed
        self.register_buffer("to_category", scale * prototypes.T)

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """See the class; pixels are RGB, 0..255."""
        embedding = self.embed(photo)
        return embedding, (embedding @ self.to_category).softmax(dim=1)


def unit(vectors: Tensor) -> Tensor:
    """Rows [n, d] at length 1."""
    return vectors / vectors.norm(dim=1, keepdim=True).clamp(min=_TINY)
