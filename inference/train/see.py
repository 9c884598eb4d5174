"""Show photos to a network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.measure.metrics import Seen
from inference.train.dataset import LabelledPhotos
from inference.train.fused import Fused
from inference.train.network import Embedder

_BATCH = 64


def see(network: Embedder | Fused, photos: LabelledPhotos) -> Seen:
    """Embeddings and cosines of all photos, in order."""
    return see_in_full(network, photos)[0]


@torch.no_grad()
def see_in_full(network: Embedder | Fused, photos: LabelledPhotos) -> tuple[Seen, NDArray[np.float32]]:
    """What `see` gives, and the backbone's pooled features [n, 1280] that it was made from."""
    parts = [network.in_full(batch) for batch in in_batches(network, photos)]
    embeddings, cosines, features = (torch.cat(part).float().cpu().numpy() for part in zip(*parts, strict=True))
    return Seen(embeddings, cosines, photos.labels), features


def in_batches(network: nn.Module, photos: LabelledPhotos) -> Iterator[torch.Tensor]:
    """The photos as float32 [n, 3, s, s] where the network is, which is told that it is not being trained."""
    device = next(network.eval().parameters()).device
    for start in range(0, len(photos), _BATCH):
        yield as_batch(photos.pixels[start : start + _BATCH]).to(device)


def as_batch(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 [n, s, s, 3] as float32 [n, 3, s, s], channels last in memory."""
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return photos.contiguous(memory_format=torch.channels_last)
