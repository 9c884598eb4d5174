"""Keep some training photos aside for calibration, without leaking near-duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.train.dataset import LabelledPhotos

_THUMBNAIL = 16
# Correlation of two 16-pixel grey thumbnails. Above it lie doubles, but also different garments
# laid out alike on one background: too strict costs a few photos, too lax flatters the figures.
_NEAR_DUPLICATE = 0.97


def split(photos: LabelledPhotos, fraction: float, seed: int) -> tuple[LabelledPhotos, LabelledPhotos]:
    """(training, kept aside): the latter is `fraction` of each category.

    A photo drawn for keeping aside that has a near-duplicate among the others
    goes back to training, so that what is measured aside was never seen.
    """
    drawn = _draw(photos.labels, fraction, np.random.default_rng(seed))
    thumbnails = _thumbnails(photos.pixels)
    others = np.setdiff1d(np.arange(len(photos)), drawn)
    seen = (thumbnails[drawn] @ thumbnails[others].T).max(axis=1) > _NEAR_DUPLICATE
    aside = np.sort(drawn[~seen])
    return photos.take(np.setdiff1d(np.arange(len(photos)), aside)), photos.take(aside)


def _draw(labels: NDArray[np.int64], fraction: float, random: np.random.Generator) -> NDArray[np.int64]:
    rows = [random.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    return np.concatenate([row[: max(1, round(len(row) * fraction))] for row in rows])


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    count, size = pixels.shape[:2]
    step = size // _THUMBNAIL
    blocks = pixels.reshape(count, _THUMBNAIL, step, _THUMBNAIL, step, 3)
    grey = blocks.mean(axis=(2, 4, 5), dtype=np.float32).reshape(count, -1)
    grey -= grey.mean(axis=1, keepdims=True)
    return np.asarray(grey / np.maximum(np.linalg.norm(grey, axis=1, keepdims=True), 1e-6), np.float32)
