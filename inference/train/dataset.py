"""Labelled folders (`<folder>/<category>/<photo>`) as prepared pixels, decoded once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.imaging.prepare import PREPARATION_VERSION, prepare


@dataclass(frozen=True)
class LabelledPhotos:
    """`pixels` uint8 [n, size, size, 3] RGB, `labels` int64 [n] into `categories`."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    categories: tuple[str, ...]
    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> LabelledPhotos:
        """The photos at `rows`, in that order."""
        paths = tuple(self.paths[row] for row in rows)
        return LabelledPhotos(self.pixels[rows], self.labels[rows], self.categories, paths)

    def of(self, paths: tuple[Path, ...]) -> LabelledPhotos:
        """The photos at `paths`, in that order; raises `KeyError` for one that is not here."""
        rows = {path: row for row, path in enumerate(self.paths)}
        return self.take(np.array([rows[path] for path in paths], np.int64))

    def numbered_by(self, categories: tuple[str, ...]) -> LabelledPhotos:
        """The same photos with labels into `categories`; raises `ValueError` for a folder that is none of them."""
        unknown = sorted(set(self.categories) - set(categories))
        if unknown:
            raise ValueError(f"photos of {', '.join(unknown)}, where only {', '.join(categories)} are known")
        places = np.array([categories.index(name) for name in self.categories], np.int64)
        return replace(self, labels=places[self.labels], categories=categories)


def read_photos(folder: Path, size: int, cache: Path) -> LabelledPhotos:
    """Every photo below `folder`, prepared to `size` pixels a side.

    Raises `FileNotFoundError` when there is no photo, and `lookalike.errors`'
    rejection for one that cannot be decoded: a training set has no bad photos.
    """
    paths = tuple(sorted(folder.glob("*/*.*")))
    if not paths:
        raise FileNotFoundError(f"no photos as <category>/<photo> in {folder}")
    categories = tuple(sorted({path.parent.name for path in paths}))
    labels = np.array([categories.index(path.parent.name) for path in paths], np.int64)
    return LabelledPhotos(_prepared(paths, size, cache), labels, categories, paths)


def _prepared(paths: tuple[Path, ...], size: int, cache: Path) -> NDArray[np.uint8]:
    file = cache / f"{_fingerprint(paths, size)}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial.npy")
        np.save(partial, np.stack([prepare(path.read_bytes(), size).pixels for path in paths]))
        partial.replace(file)
    return np.asarray(np.load(file), np.uint8)


def _fingerprint(paths: tuple[Path, ...], size: int) -> str:
    names = [f"{path.parent.name}/{path.name}:{path.stat().st_size}" for path in paths]
    return hashlib.sha256("\n".join([PREPARATION_VERSION, str(size), *names]).encode()).hexdigest()[:16]
