from dataclasses import dataclass, field
from typing import Final

from lookalike.domain.embedding import Embedding
from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError

DEFAULT_K: Final = 10
MAX_K: Final = 1000


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an upright photo, in fractions of its width and height: 0 ≤ left < right ≤ 1, likewise down."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InvalidRequestError("region", "needs 0 <= left < right <= 1 and 0 <= top < bottom <= 1")


@dataclass(frozen=True, slots=True)
class ByPhoto:
    """Look for what these bytes (an image file) show."""

    data: bytes
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class ByUpload:
    """Look for what an uploaded photo shows."""

    upload: UploadId
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class ByItem:
    """Look for items like one of the catalogue's own; the item itself is left out."""

    item: ItemId


@dataclass(frozen=True, slots=True)
class ByVector:
    """Look for what is near an embedding made elsewhere by the same model."""

    embedding: Embedding


@dataclass(frozen=True, slots=True)
class ByText:
    """Look for what words describe; needs a model with a text tower."""

    text: str


Subject = ByPhoto | ByUpload | ByItem | ByVector | ByText


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for, among which items, and how many: 1 ≤ k ≤ 1,000."""

    subject: Subject
    filter: Filter = field(default_factory=Filter)
    k: int = DEFAULT_K

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise InvalidRequestError("k", f"must be from 1 to {MAX_K}, is {self.k}")
