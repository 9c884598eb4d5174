"""Work out, without any more training, what `Fused` adds to a network: each part is a closed form."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.measure.colour import colour_signatures
from inference.train.config import Colour
from inference.train.fused import Parts, Sight

_RIDGE = 0.01  # of a standardised channel's variance: keeps channels that say the same from cancelling out
_STILL = 0.02  # a channel that varies less (of 0..6) is hardly heard: INT8's steps are 0.024


def fuse(sight: Sight, pixels: NDArray[np.uint8], how: Colour, like: Parts | None = None) -> Parts:
    """Fit to what a network saw in the training photos, uint8 [n, s, s, 3], at the served side.

    The vector gives up its weakest axes for `how.dimensions` of colour. With `like`, another network's, both end in one
    space: its axes and its palette are taken, and only the reading of this network's first layer is fitted.
    """
    signatures = torch.from_numpy(colour_signatures(pixels))
    mean = like.palette_mean if like else signatures.mean(dim=0)
    palette = like.palette if like else _strongest(signatures - mean, how.dimensions)
    basis = like.basis if like else _strongest(sight.embeddings, sight.embeddings.shape[1] - how.dimensions)
    colours, bias = _ridge(sight.channels, (signatures - mean) @ palette)
    return Parts(basis, palette, mean, colours, bias, how.share)


def _strongest(rows: Tensor, count: int) -> Tensor:
    """The `count` orthonormal axes [d, count] along which rows [n, d] are longest, the longest first."""
    _, axes = torch.linalg.eigh(rows.T.double() @ rows.double())
    return axes.flip(1)[:, :count].float().contiguous()


def _ridge(channels: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Weights [c, s] and bias [c] of the ridge regression (Hoerl & Kennard, 1970) from channels to what is wanted."""
    mean, deviation = channels.mean(dim=0), channels.std(dim=0).clamp(min=_STILL)
    standard = ((channels - mean) / deviation).double()
    count, side = standard.shape
    gram = standard.T @ standard + _RIDGE * count * torch.eye(side)
    middle = wanted.mean(dim=0)
    weights = torch.linalg.solve(gram, standard.T @ (wanted - middle).double()).float().T / deviation
    return weights.contiguous(), middle - weights @ mean


def read_parts(content: dict[str, Tensor]) -> Parts:
    """What `as_tensors` wrote."""
    return Parts(**{**content, "share": float(content["share"])})


def as_tensors(parts: Parts) -> dict[str, Tensor]:
    """For a file that holds nothing but tensors."""
    return {**vars(parts), "share": torch.tensor(parts.share, dtype=torch.float64)}
