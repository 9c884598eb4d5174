from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lookalike.domain.embedding import Embedding, ModelVersion

Pixels = npt.NDArray[np.uint8]


class Priority(StrEnum):
    """Who waits: a shopper (`interactive`) goes ahead of an import (`bulk`)."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model says of itself.

    `input_size` is the side in pixels of the square it takes. A cosine s is turned into the calibrated
    probability that two photos are of one category by 1 / (1 + exp(-(slope * s + intercept))).
    The last `colour_dimensions` numbers of a vector are the photo's colours (ADR 18); 0 where they are not set apart.
    """

    version: ModelVersion
    preparation: str
    input_size: int
    categories: tuple[str, ...]
    similarity_slope: float
    similarity_intercept: float
    colour_dimensions: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model makes of one photo. `probabilities` follow `ModelFacts.categories` and sum to 1."""

    embedding: Embedding
    probabilities: tuple[float, ...]


class Embedder(Protocol):
    """The model, wherever it runs."""

    @property
    def facts(self) -> ModelFacts:
        """What the model says of itself."""
        ...

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        """One prediction a prepared photo, uint8 [size, size, 3], in order.

        Raises `OverloadedError` where the model refuses more work, `UnavailableError` where it does not answer.
        """
        ...
