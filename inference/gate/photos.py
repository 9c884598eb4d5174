"""Labelled photos as each model sees them, shown to all models in one pass: each file is read once, none is kept."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.gate.model import Answers, Model, joined
from inference.measure.colour import colour_signatures
from lookalike.cli.labelled_folder import labelled_photos
from lookalike.cli.progress import Advance
from lookalike.errors import InvalidRequestError, PhotoRejectedError
from lookalike.imaging.prepare import prepare
from lookalike.services.evaluate import LabelledPhoto

_BATCH: Final = 8
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Labelled:
    """What one model answered to n photos, their true categories [n], and their colours, unit vectors [n, 1152]."""

    answers: Answers
    categories: tuple[str, ...]
    colours: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shown:
    """Photos, by each model that they were shown to; `sha256` names the names and bytes of all of them."""

    sha256: str
    photos: int
    by_model: tuple[Labelled, ...]


def listed(folder: Path) -> list[LabelledPhoto]:
    """The photos of ``folder/<category>/...``, by name. Raises `InvalidRequestError` where there are not two."""
    photos = list(labelled_photos(folder))
    if len(photos) < _FEWEST:
        raise InvalidRequestError("photos", f"{folder} holds {len(photos)} as <category>/<photo>; two are the least")
    return photos


def show(photos: Sequence[LabelledPhoto], models: Sequence[Model], advance: Advance) -> Shown:
    """Every photo to every model, in batches of 8; colours are judged on what the first model sees.

    Raises `InvalidRequestError` for a photo that cannot be used: what a model is judged by has no bad photos.
    """
    digest = hashlib.sha256()
    answers: list[list[Answers]] = [[] for _ in models]
    colours = []
    for done, batch in enumerate(_batches(photos)):
        advance(done * _BATCH, f"{done * _BATCH} of {len(photos)} photos")
        contents = [photo.read() for photo in batch]
        for photo, content in zip(batch, contents, strict=True):
            digest.update(f"{hashlib.sha256(content).hexdigest()}  {photo.source}\n".encode())
        prepared = {side: _prepared(batch, contents, side) for side in {model.side for model in models}}
        colours.append(colour_signatures(prepared[models[0].side]))
        for model, its in zip(models, answers, strict=True):
            its.append(model.run(prepared[model.side]))
    categories, signatures = tuple(photo.category for photo in photos), np.concatenate(colours)
    by_model = tuple(Labelled(joined(its), categories, signatures) for its in answers)
    return Shown(digest.hexdigest(), len(photos), by_model)


def _batches(photos: Iterable[LabelledPhoto]) -> Iterator[list[LabelledPhoto]]:
    rest = iter(photos)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _prepared(photos: list[LabelledPhoto], contents: list[bytes], side: int) -> NDArray[np.uint8]:
    return np.stack([_pixels(photo, content, side) for photo, content in zip(photos, contents, strict=True)])


def _pixels(photo: LabelledPhoto, content: bytes, side: int) -> NDArray[np.uint8]:
    try:
        return prepare(content, side).pixels
    except PhotoRejectedError as error:
        raise InvalidRequestError("photos", f"{photo.source}: {error.message}") from error
