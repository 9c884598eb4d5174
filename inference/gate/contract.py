"""Whether a model keeps the contract of `model_repo/`, tried on pictures made up for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.gate.criteria import KEPT, Value
from inference.gate.model import Answers, Model, joined
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import InvalidRequestError
from lookalike.imaging.prepare import PREPARATION_VERSION
from lookalike.ports.embedder import ModelFacts

BATCH_SIZES: Final = (1, 2, 3, 7, 8, 32)
_GRID: Final = 7
_BLURRED: Final = 8
_PICTURES: Final = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model answers to made-up pictures: `alone`, and by batch size `among` ever others, or the fault there.

    `alone` is None where it cannot take one photo.
    """

    alone: Answers | None
    among: Mapping[int, Answers]
    faults: Mapping[int, str]

    @classmethod
    def of(cls, model: Model) -> "Trial":
        """Of a model that has facts."""
        pictures = made_up_pictures(model.side)
        among: dict[int, Answers] = {}
        faults: dict[int, str] = {}
        for size in BATCH_SIZES:
            try:
                among[size] = model.run(pictures[_rows(size)])
                faults[size] = _unlike(among[size], size, model.known_facts)
            except InvalidRequestError as error:
                faults[size] = error.message
        faults = {size: fault for size, fault in faults.items() if fault}
        alone = None if 1 in faults else joined([model.run(picture[None]) for picture in pictures])
        return cls(alone, among, faults)


def _rows(size: int) -> NDArray[np.intp]:
    """Of the pictures in a batch, which makes other companions of them in each size."""
    return (np.arange(size) * 5 + size) % _PICTURES


def _unlike(answers: Answers, size: int, facts: ModelFacts) -> str:
    promised = f"float32 {[size, DIMENSIONS]} and float32 {[size, len(facts.categories)]}"
    given = " and ".join(f"{each.dtype} {list(each.shape)}" for each in (answers.embeddings, answers.probabilities))
    return "" if given == promised else f"{given} for {promised}"


def promises(model: Model, current: ModelFacts, trial: Trial | None) -> dict[str, Value]:
    """What the model says of itself and the shapes it answers in: `KEPT`, or in words what is wrong."""
    if model.facts is None or trial is None:
        return {"readable": model.fault}
    return {
        "readable": KEPT,
        "preparation": _preparation(model.facts),
        "categories": _categories(model.facts, current),
        "similarity": _similarity(model.facts),
        "shapes": next(iter(trial.faults.values()), KEPT),
        "batch_sizes": f"not {', '.join(map(str, trial.faults))}" if trial.faults else KEPT,
    }


def _preparation(facts: ModelFacts) -> str:
    made = facts.preparation
    return KEPT if made == PREPARATION_VERSION else f"it takes version {made}, this code makes {PREPARATION_VERSION}"


def _similarity(facts: ModelFacts) -> str:
    slope, intercept = facts.similarity_slope, facts.similarity_intercept
    rises = isfinite(slope) and isfinite(intercept) and slope > 0
    return KEPT if rises else f"confidence does not rise with cosine: slope {slope}, intercept {intercept}"


def _categories(facts: ModelFacts, current: ModelFacts) -> str:
    missing = sorted(set(current.categories) - set(facts.categories))
    repeated = [name for name, count in Counter(facts.categories).items() if count > 1]
    faults = [f"{what}: {', '.join(names)}" for what, names in (("missing", missing), ("twice", repeated)) if names]
    return "; ".join(faults) or KEPT


def numbers(answers: Answers) -> dict[str, Value]:
    """How far what came out is from unit vectors and probabilities; `finite` is the share of finite numbers."""
    both = np.concatenate([answers.embeddings, answers.probabilities], axis=1)
    with np.errstate(invalid="ignore"):  # what is not finite is counted, not warned of
        sums = answers.probabilities.sum(axis=1, dtype=np.float64)
        lengths = np.linalg.norm(answers.embeddings.astype(np.float64), axis=1)
    return {
        "finite": float(np.isfinite(both).mean()),
        "unit_length_error": float(np.abs(lengths - 1).max()),
        "probability_error": float(max(np.abs(sums - 1).max(), -answers.probabilities.min())),
    }


def in_batches(trial: Trial) -> dict[str, Value]:
    """How alike the answer to a picture is alone and among ever other ones: worst cosine, worst probability."""
    if trial.alone is None:
        return {}
    cosines, changes = [], []
    for size, among in trial.among.items():
        rows = _rows(size)
        cosines.append(cosine(trial.alone.embeddings[rows], among.embeddings).min())
        with np.errstate(invalid="ignore"):
            changes.append(np.abs(trial.alone.probabilities[rows] - among.probabilities).max())
    # Python's min() and max() would pass over NaN.
    return {"batch_cosine": float(np.min(cosines)), "batch_probability": float(np.max(changes))}


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row by row, of vectors [n, d] of any length: float64 [n]; 0 for one of no length, NaN for one not finite."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        return np.asarray((a * b).sum(axis=1) / np.maximum(lengths, np.finfo(np.float64).tiny), np.float64)


def made_up_pictures(size: int) -> NDArray[np.uint8]:
    """Twelve, uint8 [12, size, size, 3]: coloured patches, noise, a ramp, black and white."""
    random = np.random.default_rng(7)
    cells = np.arange(size) * _GRID // size
    patches = random.integers(0, 256, (_BLURRED, _GRID, _GRID, 3), dtype=np.uint8)[:, cells][:, :, cells]
    noise = random.integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, size).astype(np.uint8)[None, :, None, None], noise.shape)
    flat = [np.full_like(noise, level) for level in (0, 255)]
    return np.concatenate([patches, noise, ramp, *flat])
