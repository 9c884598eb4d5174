from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Final

from lookalike.domain.embedding import Embedding
from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId
from lookalike.domain.plain import must_be, whole
from lookalike.domain.text import check_text
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError

DEFAULT_K: Final = 10
MAX_K: Final = 1000
_LONGEST_TEXT: Final = 1000


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an upright photo, in fractions of its width and height: 0 ≤ left < right ≤ 1, likewise down."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        for side in fields(self):
            given = getattr(self, side.name)
            if isinstance(given, bool) or not isinstance(given, Real):
                raise InvalidRequestError("region", f"{side.name} must be a number, not {given!r:.80}")
            object.__setattr__(self, side.name, float(given))
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InvalidRequestError("region", "needs 0 <= left < right <= 1 and 0 <= top < bottom <= 1")


@dataclass(frozen=True, slots=True)
class ByPhoto:
    """Look for what these bytes (an image file) show."""

    data: bytes
    region: Region | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.data, bytes | bytearray | memoryview):
            raise InvalidRequestError("photo", f"must be the bytes of an image file, not {type(self.data).__name__}")
        object.__setattr__(self, "data", bytes(self.data))
        _check_region(self.region)


@dataclass(frozen=True, slots=True)
class ByUpload:
    """Look for what an uploaded photo shows."""

    upload: UploadId
    region: Region | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "upload", UploadId(self.upload))
        _check_region(self.region)


@dataclass(frozen=True, slots=True)
class ByItem:
    """Look for items like one of the catalogue's own; the item itself is left out."""

    item: ItemId

    def __post_init__(self) -> None:
        object.__setattr__(self, "item", ItemId(self.item))


@dataclass(frozen=True, slots=True)
class ByVector:
    """Look for what is near an embedding made elsewhere by the same model."""

    embedding: Embedding

    def __post_init__(self) -> None:
        must_be(Embedding, "vector", self.embedding)


@dataclass(frozen=True, slots=True)
class ByText:
    """Look for what words describe, up to 1,000 characters; needs a model with a text tower."""

    text: str

    def __post_init__(self) -> None:
        check_text("text", self.text, _LONGEST_TEXT)


Subject = ByPhoto | ByUpload | ByItem | ByVector | ByText


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for, among which items, and how many: 1 ≤ k ≤ 1,000.

    This and its parts take plain values where those will do, and raise `InvalidRequestError` for others.
    """

    subject: Subject
    filter: Filter = field(default_factory=Filter)
    k: int = DEFAULT_K

    def __post_init__(self) -> None:
        must_be(Subject, "subject", self.subject)
        must_be(Filter, "filter", self.filter)
        object.__setattr__(self, "k", whole("k", self.k, 1, MAX_K))


def _check_region(region: Region | None) -> None:
    if region is not None:
        must_be(Region, "region", region)
