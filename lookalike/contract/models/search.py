from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from lookalike.contract.models.base import (
    ItemName,
    LabelText,
    Model,
    ModelName,
    PhotoName,
    UploadName,
    View,
    checked,
    exactly_one,
    refusal,
)
from lookalike.contract.models.items import ItemView
from lookalike.domain.embedding import DIMENSIONS, Embedding, unit_vector
from lookalike.domain.filter import Filter, LabelClause, Match
from lookalike.domain.neighbour import CategoryGuess, Neighbour, Reason, SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import (
    DEFAULT_K,
    MAX_K,
    ByItem,
    ByText,
    ByUpload,
    ByVector,
    Query,
    Region,
    Subject,
)
from lookalike.errors import InvalidRequestError

_SUBJECTS: Final = ("upload", "item", "vector", "text")
_Labels = Annotated[list[LabelText], Field(min_length=1, max_length=100)]
_Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]  # float32 and its square have room for it
_Fraction = Annotated[float, Field(ge=0, le=1)]


class RegionBody(Model):
    """A part of an upright photo, in fractions of its width and height."""

    left: _Fraction
    top: _Fraction
    right: _Fraction
    bottom: _Fraction

    @model_validator(mode="after")
    def _has_an_inside(self) -> Self:
        checked(lambda _: self.region())("")
        return self

    def region(self) -> Region:
        """The domain's word for it."""
        return Region(self.left, self.top, self.right, self.bottom)


class ClauseBody(Model):
    """One condition on an item's labels (its category is `category:…`): any, all or none of them."""

    model_config = ConfigDict(json_schema_extra=exactly_one({match.value: () for match in Match}))

    any: _Labels | None = None
    all: _Labels | None = None
    none: _Labels | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        given = [match for match in Match if getattr(self, match) is not None]
        if len(given) != 1:
            raise PydanticCustomError("one_of", "must have exactly one of any, all, none")
        return self

    def clause(self) -> LabelClause:
        """The domain's word for it."""
        (match,) = (match for match in Match if getattr(self, match) is not None)
        return LabelClause(match, frozenset(getattr(self, match)))


class SearchBody(Model):
    """What to look for (exactly one of upload, item, vector, text), among which items, and how many."""

    model_config = ConfigDict(
        json_schema_extra=exactly_one({"upload": ("region?",), "item": (), "vector": ("model",), "text": ()})
    )

    upload: UploadName | None = None
    item: ItemName | None = None
    vector: list[_Coordinate] | None = Field(None, min_length=DIMENSIONS, max_length=DIMENSIONS)
    model: ModelName | None = Field(None, description="The model that made `vector`.")
    text: str | None = Field(None, min_length=1, max_length=1000)
    region: RegionBody | None = Field(None, description="The part of the uploaded photo to look for.")
    filter: list[ClauseBody] = Field([], max_length=32, description="Clauses that must all hold.")
    k: int = Field(DEFAULT_K, ge=1, le=MAX_K)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        given = [name for name in _SUBJECTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise PydanticCustomError("one_of", "must have exactly one of upload, item, vector, text")
        if (self.model is None) != (self.vector is None):
            raise _refused("model", "goes with a vector: name the model that made it")
        if self.region is not None and self.upload is None:
            raise _refused("region", "goes with an upload")
        try:
            self.query()
        except InvalidRequestError as error:
            raise refusal(error, inside=True) from error
        return self

    def query(self) -> Query:
        """The domain's word for it."""
        return Query(self._subject(), Filter(tuple(clause.clause() for clause in self.filter)), self.k)

    def _subject(self) -> Subject:
        if self.upload is not None:
            return ByUpload(self.upload, self.region.region() if self.region else None)
        if self.item is not None:
            return ByItem(self.item)
        if self.vector is not None and self.model is not None:
            return ByVector(Embedding(unit_vector(self.vector), self.model))
        return ByText(self.text or "")


class NeighbourView(View):
    """An item found, by its best matching photo; `thumbnail` is where to get its picture, relative to the API."""

    item: ItemView
    photo: PhotoName
    thumbnail: str
    score: float = Field(description="Cosine, -1 to 1.")
    rank: int = Field(description="From 1.")
    confidence: float = Field(description="Probability that both are of one category, 0 to 1.")
    reason: Reason

    @classmethod
    def of(cls, neighbour: Neighbour) -> Self:
        """Tell of `neighbour`."""
        return cls(
            item=ItemView.of(neighbour.item),
            photo=neighbour.photo,
            thumbnail=thumbnail_path(neighbour.photo),
            score=neighbour.score,
            rank=neighbour.rank,
            confidence=neighbour.confidence,
            reason=neighbour.reason,
        )

    def neighbour(self) -> Neighbour:
        """The domain's word for it."""
        return Neighbour(self.item.item(), self.photo, self.score, self.rank, self.confidence, self.reason)


class GuessView(View):
    """What the model takes the photo for, with its calibrated probability."""

    category: str
    probability: float


class SearchView(View):
    """Neighbours, best first, and the model that compared them; `guess` where a photo was looked at."""

    neighbours: list[NeighbourView]
    guess: GuessView | None
    model: ModelName

    @classmethod
    def of(cls, result: SearchResult) -> Self:
        """Tell of `result`; its stage times travel in the Server-Timing header."""
        guess = result.guess
        return cls(
            neighbours=[NeighbourView.of(neighbour) for neighbour in result.neighbours],
            guess=None if guess is None else GuessView(category=guess.category, probability=guess.probability),
            model=result.model,
        )

    def result(self, stages_ms: Mapping[str, float]) -> SearchResult:
        """The domain's word for it."""
        guess = None if self.guess is None else CategoryGuess(self.guess.category, self.guess.probability)
        return SearchResult(tuple(view.neighbour() for view in self.neighbours), self.model, guess, stages_ms)


def thumbnail_path(photo: PhotoId) -> str:
    """Where a photo's thumbnail is, relative to the API."""
    return f"/v1/photos/{photo}/thumbnail"


def _refused(field: str, message: str) -> PydanticCustomError:
    return refusal(InvalidRequestError(field, message), inside=True)
