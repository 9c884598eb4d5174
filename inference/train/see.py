"""Show photos to a network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inference.measure.metrics import Seen
from inference.train.dataset import LabelledPhotos
from inference.train.network import Embedder

_BATCH = 64


def see(network: Embedder, photos: LabelledPhotos) -> Seen:
    """Embeddings and cosines of all photos, in order."""
    return see_in_full(network, photos)[0]


@torch.no_grad()
def see_in_full(network: Embedder, photos: LabelledPhotos) -> tuple[Seen, NDArray[np.float32]]:
    """What `see` gives, and the backbone's pooled features [n, 1280] that it was made from."""
    network.eval()
    device = network.prototypes.device
    parts = []
    for start in range(0, len(photos), _BATCH):
        features = network.features(as_batch(photos.pixels[start : start + _BATCH]).to(device))
        parts.append((*network.embed(features), features))
    embeddings, cosines, features = (torch.cat(part).float().cpu().numpy() for part in zip(*parts, strict=True))
    return Seen(embeddings, cosines, photos.labels), features


def as_batch(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 [n, s, s, 3] as float32 [n, 3, s, s], channels last in memory."""
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return photos.contiguous(memory_format=torch.channels_last)
