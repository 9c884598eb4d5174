import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.domain.name import Name
from lookalike.errors import InvalidRequestError, VersionMismatchError

DIMENSIONS: Final = 256
Vector = npt.NDArray[np.float32]
_UNIT_TOLERANCE = 1e-5


class ModelVersion(Name):
    """Name, content hash of the weights and preparation version, e.g. ``embedder-3f2a9c1b04d7-p1``."""

    __slots__ = ()
    kind = "model"
    pattern = re.compile(r"[a-z][a-z0-9-]{0,40}-[0-9a-f]{12}-p[0-9]+")
    rule = "name-<12 hex digits of the weights' SHA-256>-p<preparation version>"


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A unit vector, float32 [256], and the model that made it; any 256 numbers and the model's name as text will do.

    Raises what `unit_vector` and `ModelVersion` raise.
    """

    vector: Vector
    model: ModelVersion

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", unit_vector(self.vector))
        object.__setattr__(self, "model", ModelVersion(self.model))

    def cosine(self, other: "Embedding") -> float:
        """Cosine in [-1, 1]. Raises `VersionMismatchError`: vectors of two versions never meet."""
        if self.model != other.model:
            raise VersionMismatchError("model", f"{self.model} and {other.model} cannot be compared")
        return float(self.vector @ other.vector)


def unit_vector(values: npt.ArrayLike) -> Vector:
    """Check and scale to unit length: float32 [256].

    Raises `InvalidRequestError` for a wrong length, NaN, zero, and what are no real numbers.
    """
    vector = _numbers(values)
    if vector.shape != (DIMENSIONS,):
        raise InvalidRequestError("vector", f"must have {DIMENSIONS} numbers, has shape {vector.shape}")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        raise InvalidRequestError("vector", "must be finite and not all zero")
    if abs(length - 1.0) <= _UNIT_TOLERANCE:
        return vector
    return (vector / np.float32(length)).astype(np.float32)


def _numbers(values: npt.ArrayLike) -> Vector:
    try:
        given = np.asarray(values)
    except (TypeError, ValueError) as error:  # rows of different lengths
        raise InvalidRequestError("vector", "must be a list of numbers") from error
    if given.dtype.kind not in "fiu":  # neither text, which NumPy would read, nor booleans
        raise InvalidRequestError("vector", f"must be a list of numbers, not of {given.dtype}")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused for that
        return given.astype(np.float32, copy=False)
