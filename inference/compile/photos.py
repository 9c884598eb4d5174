"""Photos to calibrate on and to measure with, drawn by category, as the model is served them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.errors import PhotoRejectedError
from lookalike.imaging.prepare import prepare

_FOR_MEASURING: Final = frozenset({"validation", "test"})


@dataclass(frozen=True, slots=True)
class Sample:
    """Prepared photos."""

    pixels: npt.NDArray[np.uint8]
    """uint8 [n, size, size, 3], RGB, one stratum after the other."""
    strata: Mapping[str, int]
    """How many photos of each category."""
    digest: str
    """SHA-256 over the sorted SHA-256 of the photos' bytes, one a line, in hexadecimal digits."""

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A photo that could not be used; another of its category took its place."""

    photo: str
    """As `<category>/<file>`."""
    code: str


@dataclass(frozen=True, slots=True)
class _Photo:
    digest: str
    pixels: npt.NDArray[np.uint8]


def draw(folder: Path, size: int, counts: Sequence[int], seed: int) -> tuple[list[Sample], list[Rejected]]:
    """A sample of each of `counts` photos from `<folder>/<category>/<photo>`, and what could not be used.

    Each category gives its share of a sample. No two samples have a photo in common, not even a copy under another
    name. The same folder, counts and seed give the same samples. `size` is the side in pixels that the model takes.

    Raises `ValueError` where a category has too few usable photos, or where the folder is kept for measuring.
    """
    if folder.resolve().name in _FOR_MEASURING:
        raise ValueError(f"{folder} is kept for measuring: a model that has seen its photos cannot be judged by them")
    if min(counts) < 1:
        raise ValueError(f"a sample needs at least one photo, not {min(counts)}")
    strata = _strata(folder)
    random, seen, rejected = np.random.default_rng(seed), set[str](), list[Rejected]()
    rows = {
        name: _usable([paths[i] for i in random.permutation(len(paths))], size, seen, rejected)
        for name, paths in strata.items()
    }
    sizes = {name: len(paths) for name, paths in strata.items()}
    samples = [_take(rows, shares(sizes, count)) for count in counts]
    return samples, rejected


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """`count` divided in proportion to `sizes`, by largest remainder."""
    exact = {name: count * size / sum(sizes.values()) for name, size in sizes.items()}
    whole = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[: count - sum(whole.values())]:
        whole[name] += 1
    return whole


def _strata(folder: Path) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise ValueError(f"no folder {folder}")
    inside = {place.name: sorted(place.glob("[!.]*")) for place in sorted(folder.iterdir()) if place.is_dir()}
    strata = {name: paths for name, paths in inside.items() if paths}
    if not strata:
        raise ValueError(f"no photos as <category>/<photo> in {folder}")
    return strata


def _usable(paths: Sequence[Path], size: int, seen: set[str], rejected: list[Rejected]) -> Iterator[_Photo]:
    for path in paths:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        try:
            yield _Photo(digest, prepare(data, size).pixels)
        except PhotoRejectedError as error:
            rejected.append(Rejected(f"{path.parent.name}/{path.name}", error.code.value))


def _take(rows: Mapping[str, Iterator[_Photo]], wanted: Mapping[str, int]) -> Sample:
    taken = {name: list(islice(row, wanted[name])) for name, row in rows.items()}
    for name, photos in taken.items():
        if len(photos) < wanted[name]:
            raise ValueError(f"{name} has too few usable photos: {wanted[name] - len(photos)} more are needed")
    photos = [photo for row in taken.values() for photo in row]
    listed = "\n".join(sorted(photo.digest for photo in photos))
    return Sample(np.stack([photo.pixels for photo in photos]), wanted, hashlib.sha256(listed.encode()).hexdigest())
