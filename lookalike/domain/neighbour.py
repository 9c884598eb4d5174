from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.embedding import ModelVersion
from lookalike.domain.item import Item
from lookalike.domain.photo import PhotoId


class Reason(StrEnum):
    """Why an item was found: the very same bytes, the same picture (colours included) in other bytes, a look-alike."""

    EXACT = "exact"
    NEAR_DUPLICATE = "near_duplicate"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An item found, by its best matching photo.

    `score` is the cosine in [-1, 1]; `rank` counts from 1; `confidence` in [0, 1] is the calibrated
    probability that the two are of one category.
    """

    item: Item
    photo: PhotoId
    score: float
    rank: int
    confidence: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class CategoryGuess:
    """What the model takes the queried photo for, with its calibrated probability."""

    category: str
    probability: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Neighbours, best first, the model that compared them and the milliseconds each stage took."""

    neighbours: tuple[Neighbour, ...]
    model: ModelVersion
    guess: CategoryGuess | None
    stages_ms: Mapping[str, float]
