from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Final

import numpy as np

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, ModelVersion
from lookalike.domain.item import ItemId
from lookalike.domain.label import CATEGORY, Label
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import MAX_K, ByPhoto, Query
from lookalike.errors import InvalidRequestError, PhotoRejectedError, Rejection
from lookalike.imaging.prepare import prepare
from lookalike.ports.embedder import Embedder, Pixels, Prediction, Priority
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.exact_ranking import ExactRanking
from lookalike.services.find_similar import FindSimilar
from lookalike.services.measure_recall import MeasureRecall
from lookalike.services.metrics import Percentiles, accuracy, average_precision, mean, precision_at_k
from lookalike.services.resolve_subject import ResolveSubject

K: Final = 10
_MOST_QUERIES: Final = 1000
"""Recall is measured with no more photos than this: each is compared with the whole catalogue four times."""
_STAGES: Final = ("decode", "embed", "search", "describe")


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo whose category is known; `source` names it in reports, `read` gives its bytes."""

    source: str
    category: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A photo that could not be asked with."""

    source: str
    code: Rejection
    message: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the answers to some photos were; each number in [0, 1].

    Relevant is an item of the photo's own category. `precision_at_10` is of what a search returns, `map` of the
    full ranking by exact cosine, `accuracy` of the model's guess at the category.
    """

    photos: int
    precision_at_10: float
    map: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out. `left_out` counts answers not counted because they show the very bytes asked with."""

    quality: Quality
    by_category: Mapping[str, Quality]
    ann_recall_at_10: Mapping[str, float]
    stages_ms: Mapping[str, Percentiles]
    model: ModelVersion
    left_out: int
    unusable: tuple[Unusable, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    category: str
    embedding: Embedding
    guess: str
    precision: float
    average: float
    left_out: int
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Ask a catalogue with labelled photos, through the services a shopper's search takes, and judge the answers.

    An item that shows the very bytes asked with is left out of every ranking: finding it proves nothing. Its other
    photos are left out with it.
    """

    find_similar: FindSimilar
    new_index: Callable[[], AbstractContextManager[VectorIndex]]

    def __call__(self, catalogue: CatalogueId, photos: Iterable[LabelledPhoto]) -> Evaluation:
        """Photos are read one at a time.

        Raises `NotFoundError` where nothing is indexed, `InvalidRequestError` where no photo could be used.
        """
        asking = _Asking.of(catalogue, self.find_similar)
        answers: list[_Answer] = []
        unusable: list[Unusable] = []
        for photo in photos:
            try:
                answers.append(asking.ask(photo))
            except PhotoRejectedError as rejection:
                unusable.append(Unusable(photo.source, rejection.code, rejection.message))
        if not answers:
            raise InvalidRequestError("photos", f"none could be used ({len(unusable)} were rejected)")
        return self._judge(catalogue, answers, unusable)

    def _judge(self, catalogue: CatalogueId, answers: Sequence[_Answer], unusable: Sequence[Unusable]) -> Evaluation:
        model = answers[0].embedding.model
        measure = MeasureRecall(self.find_similar.items, self.find_similar.index, self.new_index)
        categories = sorted({answer.category for answer in answers})
        return Evaluation(
            quality=_quality(answers),
            by_category={name: _quality([a for a in answers if a.category == name]) for name in categories},
            ann_recall_at_10=measure(catalogue, model, _spread([answer.embedding for answer in answers]), K),
            stages_ms={name: Percentiles.of([a.stages_ms[name] for a in answers]) for name in (*_STAGES, "total")},
            model=model,
            left_out=sum(answer.left_out for answer in answers),
            unusable=tuple(unusable),
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """One evaluation under way: the catalogue, the services, the full ranking."""

    catalogue: CatalogueId
    find: FindSimilar
    ranking: ExactRanking
    notebook: "_Notebook"

    @classmethod
    def of(cls, catalogue: CatalogueId, find: FindSimilar) -> "_Asking":
        old = find.resolve
        notebook = _Notebook()
        # A cache of its own, so that no photo's time is that of one asked with earlier.
        embed = EmbedPhotos(old.embed.embedder, notebook)
        resolve = ResolveSubject(old.ledger, old.photos, old.items, old.index, embed, old.limits)
        ranking = ExactRanking.of(catalogue, find.items, find.index, embed.embedder.facts.version)
        _warm_up(embed.embedder)
        return cls(catalogue, FindSimilar(resolve, find.index, find.items, find.ledger), ranking, notebook)

    def ask(self, photo: LabelledPhoto) -> _Answer:
        data = photo.read()
        category = Label(CATEGORY, photo.category).value
        shown = PhotoId.of(data)
        same = frozenset(self.find.items.items_of_photos(self.catalogue, [shown]).get(shown, ()))
        self.notebook.forget()
        start = perf_counter()
        result = self.find(self.catalogue, Query(ByPhoto(data), k=min(MAX_K, K + len(same))))
        total = (perf_counter() - start) * 1000
        embedding = self._embedding(shown, data)
        full = self.ranking.relevance(embedding, category, same)
        return _Answer(
            category=category,
            embedding=embedding,
            guess=result.guess.category if result.guess else "",
            precision=precision_at_k(_relevance(result, category, same), K),
            average=average_precision(full),
            left_out=len(same),
            stages_ms={**result.stages_ms, "total": total},
        )

    def _embedding(self, shown: PhotoId, data: bytes) -> Embedding:
        # The search just made it: the notebook has it, so the pixels are not made again.
        pixels = partial(self._pixels, data)
        return self.find.resolve.embed({shown: pixels}, Priority.BULK)[shown].embedding

    def _pixels(self, data: bytes) -> Pixels:
        resolve = self.find.resolve
        return prepare(data, resolve.embed.embedder.facts.input_size, limits=resolve.limits).pixels


@dataclass(slots=True)
class _Notebook:
    """An embedding cache that can be told to forget."""

    known: dict[PhotoId, Prediction] = field(default_factory=dict)

    def get_many(self, model: ModelVersion, photos: Sequence[PhotoId]) -> dict[PhotoId, Prediction]:
        del model
        return {photo: self.known[photo] for photo in photos if photo in self.known}

    def put_many(self, model: ModelVersion, predictions: Mapping[PhotoId, Prediction]) -> None:
        del model
        self.known.update(predictions)

    def forget(self) -> None:
        self.known.clear()


def _warm_up(embedder: Embedder) -> None:
    # The first inference of a process pays for memory that the others find there.
    side = embedder.facts.input_size
    embedder.embed_many([np.full((side, side, 3), 128, dtype=np.uint8)], Priority.BULK)


def _relevance(result: SearchResult, category: str, same: frozenset[ItemId]) -> list[bool]:
    counted = [neighbour.item for neighbour in result.neighbours if neighbour.item.id not in same]
    return [item.category == category for item in counted][:K]


def _spread(queries: Sequence[Embedding]) -> Sequence[Embedding]:
    """At most `_MOST_QUERIES` of them, evenly spaced."""
    return queries[:: -(-len(queries) // _MOST_QUERIES)]


def _quality(answers: Sequence[_Answer]) -> Quality:
    return Quality(
        photos=len(answers),
        precision_at_10=mean([answer.precision for answer in answers]),
        map=mean([answer.average for answer in answers]),
        accuracy=accuracy([answer.guess for answer in answers], [answer.category for answer in answers]),
    )
