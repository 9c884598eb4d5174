"""Photos to fit a projection on, and others, kept aside, to calibrate on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.train.dataset import LabelledPhotos, read_photos
from inference.train.split import split
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import PhotoRejectedError
from lookalike.imaging.prepare import prepare

_FOR_MEASURING = frozenset({"validation", "test"})
_THUMBNAIL = 16  # near-duplicates are looked for in thumbnails of as many pixels a side
_CATEGORIES = 2
_IN_A_CATEGORY = 5


def fitting_photos(
    folder: Path, side: int, aside: float, seed: int, cache: Path
) -> tuple[LabelledPhotos, LabelledPhotos]:
    """(to fit on, kept aside): the latter is a share of `aside` of each category, without near-duplicates of those.

    `side` is what photos are prepared to, in pixels. Raises `ValueError` where there are too few, where one cannot be
    used or where the folder is kept for measuring, `FileNotFoundError` where there is none.
    """
    _check_folder(folder)
    photos = _read(folder, side, cache)
    _check_categories(photos)
    whole = side // _THUMBNAIL * _THUMBNAIL
    fitting, kept = split(replace(photos, pixels=photos.pixels[:, :whole, :whole]), aside, seed)
    if len(fitting) <= DIMENSIONS:
        raise ValueError(
            f"{len(fitting)} photos are left to fit on with {len(kept)} of {len(photos)} kept aside: {DIMENSIONS} "
            f"components need at least {DIMENSIONS + 1}, and some thousands to be worth it"
        )
    return photos.of(fitting.paths), photos.of(kept.paths)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}")
    within = {place.name for place in folder.iterdir() if place.is_dir()}
    if kept := _FOR_MEASURING & {folder.resolve().name, *within}:
        raise ValueError(
            f"{folder} has photos kept for measuring ({', '.join(sorted(kept))}): "
            "a model that was fitted on them cannot be judged by them"
        )


def _read(folder: Path, side: int, cache: Path) -> LabelledPhotos:
    try:
        return read_photos(folder, side, cache)
    except PhotoRejectedError as error:
        raise ValueError(f"{_rejected(folder, side)} cannot be used: {error}") from error


def _rejected(folder: Path, side: int) -> str:
    """The first photo that is turned away, looked for only once there is one."""
    for path in sorted(folder.glob("*/*.*")):
        try:
            prepare(path.read_bytes(), side)
        except PhotoRejectedError:
            return f"{path.parent.name}/{path.name}"
    return "a photo"


def _check_categories(photos: LabelledPhotos) -> None:
    counts = np.bincount(photos.labels)
    if len(counts) < _CATEGORIES:
        raise ValueError(f"photos of one category, {photos.categories[0]}, tell nothing of categories")
    few = [f"{name} ({count})" for name, count in zip(photos.categories, counts, strict=True) if count < _IN_A_CATEGORY]
    if few:
        raise ValueError(f"a category needs at least {_IN_A_CATEGORY} photos: {', '.join(few)}")
