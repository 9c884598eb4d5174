"""Which training photos look alike, before any training."""

from __future__ import annotations

from torch import Tensor

from inference.measure.colour import colour_signatures
from inference.train.batches import at_side
from inference.train.config import Loss
from inference.train.dataset import LabelledPhotos
from inference.train.loss import likeness
from inference.train.network import Embedder
from inference.train.see import look

_SIDE = 160  # pixels that suffice for ImageNet's idea of likeness, at half the time of 224


def look_alikes(network: Embedder, photos: LabelledPhotos, how: Loss) -> Tensor:
    """`loss.likeness` of all photos [n, n], by a network that still has ImageNet's weights."""
    features = look(network, at_side(photos, min(_SIDE, photos.pixels.shape[1]))).features.numpy()
    return likeness(features, colour_signatures(photos.pixels), photos.labels, how.relation_colour)
