"""Fit what is ours around the brought towers: projection, categories, calibration, the text's centre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.export.bring.project import Projection, fit_projection
from inference.export.bring.towers import PhotoTower, Projected, TextFeatures, unit
from inference.measure.metrics import Seen, accuracy, retrieve
from inference.train.calibrate import Calibration, calibrate
from inference.train.dataset import LabelledPhotos

_BATCH = 16
_FIRST_SCALE = 20.0  # where the search for the softmax's scale begins
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """The photo tower as it is served, what it made of the photos kept aside, and how good that is."""

    tower: PhotoTower
    projection: Projection
    calibration: Calibration
    aside: Seen
    figures: dict[str, float]


def fit_photos(
    features: nn.Module, fitting: LabelledPhotos, aside: LabelledPhotos, whitening: float, tell: Tell
) -> Fitted:
    """Projection and prototypes from `fitting`; the softmax's scale and the confidence in neighbours from `aside`.

    A prototype is the mean of its category's embeddings, at unit length. Raises `ValueError` where photos do not fill
    the space, or where nearer photos aside are not more often of one category: such a model finds nothing.
    """
    known, unknown = see(features, fitting, tell), see(features, aside, tell)
    projection = fit_projection(known, whitening)
    embed = Projected(features, torch.from_numpy(projection.centre).float(), projection)
    known, unknown = _project(known, projection), _project(unknown, projection)
    prototypes = _prototypes(known, fitting.labels)
    seen = Seen(unknown, unknown @ prototypes.T, aside.labels)
    calibration = calibrate(seen, fitting.categories, _FIRST_SCALE)
    if not calibration.similarity_slope > 0:
        raise ValueError(
            f"nearer neighbours are not more often of one category (slope {calibration.similarity_slope:.2f}): "
            "weights of another model, or categories that cannot be seen"
        )
    found = retrieve(seen, Seen(known, known @ prototypes.T, fitting.labels))
    figures = {
        "aside_precision_at_10": float(found.precision_at_10.mean()),
        "aside_map": float(found.average_precision.mean()),
    }
    tower = PhotoTower(embed, torch.from_numpy(prototypes), calibration.scale)
    return Fitted(tower, projection, calibration, seen, figures)


@torch.no_grad()
def see(features: nn.Module, photos: LabelledPhotos, tell: Tell) -> NDArray[np.float32]:
    """Unit features [n, d] of all photos, in order."""
    parts = []
    for start in range(0, len(photos), _BATCH):
        parts.append(features(torch.from_numpy(photos.pixels[start : start + _BATCH])).numpy())
        tell(f"{min(start + _BATCH, len(photos))} of {len(photos)} photos seen")
    return np.concatenate(parts)


@torch.no_grad()
def fit_words(features: TextFeatures, tokens: Tensor, photos: LabelledPhotos, projection: Projection) -> Projected:
    """The text tower in the photos' space; `tokens` int64 [c, length] are the captions of the categories, in order.

    Contrastive towers put photos and texts into two cones, set apart by a vector that is the same for every pair: the
    difference of their means (Liang et al., "Mind the Gap", NeurIPS 2022). So text has a centre of its own, the mean
    over the captions of the very photos that gave theirs, and the same matrix after it.
    """
    counts = torch.from_numpy(np.bincount(photos.labels, minlength=len(photos.categories))).float()
    centre = (features(tokens) * (counts / counts.sum())[:, None]).sum(dim=0)
    return Projected(features, centre, projection)


@torch.no_grad()
def read_accuracy(tower: Projected, tokens: Tensor, aside: Seen) -> float:
    """Share of the photos kept aside whose nearest caption, of `tokens` [c, length], is their own category's."""
    return accuracy(aside.embeddings @ tower(tokens).numpy().T, aside.labels)


def _project(features: NDArray[np.float32], projection: Projection) -> NDArray[np.float32]:
    projected = torch.from_numpy((features - projection.centre) @ projection.matrix)
    return unit(projected).float().numpy()


def _prototypes(embeddings: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    means = np.stack([embeddings[labels == label].mean(axis=0) for label in np.unique(labels)])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)
