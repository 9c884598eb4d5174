"""Whether a model keeps the contract of `model_repo/`, tried on pictures made up for it."""

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.gate.criteria import KEPT, Value
from inference.gate.model import Answers, Model
from lookalike.domain.embedding import DIMENSIONS
from lookalike.errors import InvalidRequestError
from lookalike.imaging.prepare import PREPARATION_VERSION
from lookalike.ports.embedder import ModelFacts

BATCH_SIZES: Final = (1, 2, 3, 7, 8, 32)
_GRID: Final = 7
_BLURRED: Final = 8


def promises(model: Model, current: ModelFacts) -> dict[str, Value]:
    """What the model says of itself and the shapes it answers in: `KEPT`, or in words what is wrong."""
    if model.facts is None:
        return {"readable": model.fault}
    unlike = _shape_faults(model, model.facts)
    return {
        "readable": KEPT,
        "preparation": _preparation(model.facts),
        "categories": _categories(model.facts, current),
        "shapes": unlike.get(3, KEPT),
        "batch_sizes": "; ".join(f"{size}: {fault}" for size, fault in unlike.items()) or KEPT,
    }


def _preparation(facts: ModelFacts) -> str:
    made = facts.preparation
    return KEPT if made == PREPARATION_VERSION else f"it takes version {made}, this code makes {PREPARATION_VERSION}"


def _categories(facts: ModelFacts, current: ModelFacts) -> str:
    missing = sorted(set(current.categories) - set(facts.categories))
    repeated = [name for name, count in Counter(facts.categories).items() if count > 1]
    faults = [f"{what}: {', '.join(names)}" for what, names in (("missing", missing), ("twice", repeated)) if names]
    return "; ".join(faults) or KEPT


def _shape_faults(model: Model, facts: ModelFacts) -> dict[int, str]:
    """By batch size, where it fails or answers otherwise than as promised."""
    probes = made_up_pictures(facts.input_size)
    faults = {size: _shape_fault(model, facts, np.resize(probes, (size, *probes.shape[1:]))) for size in BATCH_SIZES}
    return {size: fault for size, fault in faults.items() if fault}


def _shape_fault(model: Model, facts: ModelFacts, photos: NDArray[np.uint8]) -> str:
    try:
        answers = model.run(photos)
    except InvalidRequestError as error:
        return error.message
    promised = f"float32 [{len(photos)}, {DIMENSIONS}] and float32 [{len(photos)}, {len(facts.categories)}]"
    given = " and ".join(f"{each.dtype} {list(each.shape)}" for each in (answers.embeddings, answers.probabilities))
    return "" if given == promised else f"{given} for {promised}"


def numbers(answers: Answers) -> dict[str, Value]:
    """How far what came out is from unit vectors and probabilities; `finite` is the share of finite numbers."""
    both = np.concatenate([answers.embeddings, answers.probabilities], axis=1)
    sums = answers.probabilities.sum(axis=1, dtype=np.float64)
    lengths = np.linalg.norm(answers.embeddings.astype(np.float64), axis=1)
    return {
        "finite": float(np.isfinite(both).mean()),
        "unit_length_error": float(np.abs(lengths - 1).max()),
        "probability_error": float(max(np.abs(sums - 1).max(), -answers.probabilities.min())),
    }


def neighbours(model: Model) -> dict[str, Value]:
    """How alike the answer to a picture is alone and among ever other ones: worst cosine, worst probability."""
    pictures = made_up_pictures(model.side)
    alone = joined([model.run(picture[None]) for picture in pictures])
    cosines, changes = [1.0], [0.0]
    for batch in BATCH_SIZES:
        rows = (np.arange(batch) * 5 + batch) % len(pictures)  # in an order of its own
        among = model.run(pictures[rows])
        cosines.append(float(cosine(alone.embeddings[rows], among.embeddings).min()))
        changes.append(float(np.abs(alone.probabilities[rows] - among.probabilities).max()))
    # min() and max() pass over NaN, NumPy's do not.
    return {"neighbour_cosine": float(np.min(cosines)), "neighbour_probability": float(np.max(changes))}


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row by row, of vectors [n, d] of any length but 0: float64 [n]."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    return np.asarray((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)), np.float64)


def joined(parts: list[Answers]) -> Answers:
    """One after the other."""
    return Answers(
        np.concatenate([part.embeddings for part in parts]), np.concatenate([part.probabilities for part in parts])
    )


def made_up_pictures(size: int) -> NDArray[np.uint8]:
    """Twelve pictures uint8 [12, size, size, 3]: coloured patches, noise, a ramp, black and white."""
    random = np.random.default_rng(7)
    cells = np.arange(size) * _GRID // size
    patches = random.integers(0, 256, (_BLURRED, _GRID, _GRID, 3), dtype=np.uint8)[:, cells][:, :, cells]
    noise = random.integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, size).astype(np.uint8)[None, :, None, None], noise.shape)
    flat = [np.full_like(noise, level) for level in (0, 255)]
    return np.concatenate([patches, noise, ramp, *flat])
