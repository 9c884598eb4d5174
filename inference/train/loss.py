"""What training minimises: the right category, and look-alikes close inside it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from inference.train.config import Loss

_EXCLUDED = -1e4


def cosine_softmax(cosines: Tensor, categories: Tensor, how: Loss) -> Tensor:
    """CosFace (Wang et al., CVPR 2018): softmax over scaled cosines, a margin off the true one.

    `categories` [n, c] are shares that add up to 1; of a blend, each has its share of the margin.
    """
    logits = how.scale * (cosines - how.margin * categories)
    return functional.cross_entropy(logits, categories, label_smoothing=how.label_smoothing)


def likeness(
    features: NDArray[np.float32],
    colours: NDArray[np.float32],
    labels: NDArray[np.int64],
    colour_share: float,
) -> Tensor:
    """How alike any two photos of one category look: [n, n], mean 0 and variance 1 a row.

    `features` [n, d] come from the ImageNet network, `colours` [n, c] from
    `colour_signatures`; pairs of two categories hold no meaning.
    """
    centred = features - features.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    same = labels[:, None] == labels[None, :]
    np.fill_diagonal(same, val=False)
    shape, colour = (_standardised(x @ x.T, same) for x in (centred, colours))
    return torch.from_numpy((1 - colour_share) * shape + colour_share * colour)


def _standardised(similarity: NDArray[np.float32], same: NDArray[np.bool_]) -> NDArray[np.float32]:
    mean = similarity.mean(axis=1, where=same, keepdims=True)
    deviation = similarity.std(axis=1, where=same, keepdims=True)
    return np.asarray((similarity - mean) / np.maximum(deviation, 1e-6), np.float32)


class Relation:
    """Rank the photos of an anchor's category as `likeness` does.

    Keeps the last embedding of each training photo, so that an anchor is compared
    with its whole category and not with the few of its batch (the cross-batch
    memory of Wang et al., CVPR 2020).
    """

    def __init__(self, likeness: Tensor, labels: Tensor, dimensions: int, how: Loss) -> None:
        self._likeness = likeness
        self._labels = labels
        self.memory = torch.zeros(len(labels), dimensions, device=labels.device)
        self._how = how

    def __call__(self, embedding: Tensor, rows: Tensor) -> Tensor:
        """KL divergence between the two rankings for anchors at `rows`; remembers them."""
        known = self.memory.abs().sum(dim=1) > 0
        usable = (self._labels[rows][:, None] == self._labels[None, :]) & known[None, :]
        usable[torch.arange(len(rows), device=rows.device), rows] = False
        wanted = self._likeness[rows] / self._how.relation_temperature
        found = embedding @ self.memory.clone().T / self._how.cosine_temperature
        target = wanted.masked_fill(~usable, _EXCLUDED).log_softmax(dim=1)
        ranking = found.masked_fill(~usable, _EXCLUDED).log_softmax(dim=1)
        divergence = (target.exp() * (target - ranking)).sum(dim=1)
        self.memory[rows] = embedding.detach()
        return divergence[usable.any(dim=1)].sum() / len(rows)
