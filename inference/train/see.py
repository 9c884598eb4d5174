"""Show photos to a network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inference.measure.metrics import Seen
from inference.train.dataset import LabelledPhotos
from inference.train.network import Embedder

_BATCH = 64


@torch.no_grad()
def see(network: Embedder, photos: LabelledPhotos) -> Seen:
    """Embeddings and cosines of all photos, in order."""
    network.eval()
    parts = [network(as_batch(photos.pixels[i : i + _BATCH])) for i in range(0, len(photos), _BATCH)]
    embeddings, cosines = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return Seen(embeddings, cosines, photos.labels)


def as_batch(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 [n, s, s, 3] as float32 [n, 3, s, s], channels last in memory."""
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return photos.contiguous(memory_format=torch.channels_last)
