"""Show photos to a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.measure.metrics import Seen
from inference.train.dataset import LabelledPhotos
from inference.train.fused import Fused, Sight, glance
from inference.train.network import Embedder

_BATCH = 64


@torch.no_grad()
def see(network: Embedder | Fused, photos: LabelledPhotos) -> Seen:
    """Embeddings and cosines of all photos, in order."""
    embeddings, cosines = _joined(network(batch) for batch in _in_batches(network, photos))
    return Seen(embeddings.numpy(), cosines.numpy(), photos.labels)


@torch.no_grad()
def look(network: Embedder, photos: LabelledPhotos) -> Sight:
    """What the network sees in all photos, in order, on the CPU."""
    return Sight(*_joined(glance(network, batch) for batch in _in_batches(network, photos)))


@torch.no_grad()
def see_in(sight: Sight, network: Fused, photos: LabelledPhotos) -> Seen:
    """What `see` gives, without another look at the photos."""
    embeddings, cosines = network.put_together(sight)
    return Seen(embeddings.numpy(), cosines.numpy(), photos.labels)


def _joined(batches: Iterable[Iterable[Tensor]]) -> list[Tensor]:
    """The batches' answers, each as one tensor on the CPU."""
    return [torch.cat(part).float().cpu() for part in zip(*batches, strict=True)]


def _in_batches(network: nn.Module, photos: LabelledPhotos) -> Iterator[torch.Tensor]:
    """The photos as float32 [n, 3, s, s] where the network is, which is told that it is not being trained."""
    device = next(network.eval().parameters()).device
    for start in range(0, len(photos), _BATCH):
        yield _as_batch(photos.pixels[start : start + _BATCH]).to(device)


def _as_batch(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 [n, s, s, 3] as float32 [n, 3, s, s], channels last in memory."""
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return photos.contiguous(memory_format=torch.channels_last)
