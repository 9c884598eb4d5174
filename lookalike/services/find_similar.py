import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.neighbour import CategoryGuess, Neighbour, Reason, SearchResult
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.query import Query
from lookalike.imaging.perceptual_hash import hamming_distance
from lookalike.ports.embedder import ModelFacts, Prediction
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.vector_index import Hit, VectorIndex, VectorQuery
from lookalike.services.resolve_subject import Resolved, ResolveSubject
from lookalike.services.stopwatch import Stopwatch

NEAR_DUPLICATE_BITS: Final = 8
"""Perceptual hashes (64 bits) that differ in no more than this are taken for one picture."""


@dataclass(frozen=True, slots=True)
class FindSimilar:
    """The items most like a query's subject, among those that pass its filter, best first."""

    resolve: ResolveSubject
    index: VectorIndex
    items: ItemStore
    ledger: Ledger

    def __call__(self, catalogue: CatalogueId, query: Query) -> SearchResult:
        """Times the stages `decode`, `embed`, `search` and `describe`.

        Raises what `ResolveSubject` raises, and `UnknownFacetError` for a filter on a facet no item has.
        """
        watch = Stopwatch()
        asked = self.resolve(catalogue, query.subject, watch)
        with watch.stage("search"):
            sought = VectorQuery(asked.embedding, query.filter, query.k, asked.excluded)
            (hits,) = self.index.search_many(catalogue, [sought])
        with watch.stage("describe"):
            neighbours = self._describe(catalogue, asked, hits)
        facts = self.resolve.embed.embedder.facts
        guess = best_guess(facts, asked.prediction) if asked.prediction else None
        return SearchResult(neighbours, asked.embedding.model, guess, watch.stages_ms)

    def _describe(self, catalogue: CatalogueId, asked: Resolved, hits: Sequence[Hit]) -> tuple[Neighbour, ...]:
        items = self.items.get_many(catalogue, [hit.item for hit in hits])
        hashes = self._hashes(catalogue, asked, hits)
        facts = self.resolve.embed.embedder.facts
        # An item that was removed since the index was asked is no longer an answer.
        there = [hit for hit in hits if hit.item in items]
        return tuple(
            Neighbour(
                items[hit.item], hit.photo, hit.score, rank, confidence(facts, hit.score), _reason(asked, hit, hashes)
            )
            for rank, hit in enumerate(there, start=1)
        )

    def _hashes(self, catalogue: CatalogueId, asked: Resolved, hits: Sequence[Hit]) -> dict[PhotoId, Photo]:
        if asked.perceptual_hash is None:
            return {}
        return self.ledger.find_photos(catalogue, [hit.photo for hit in hits])


def confidence(facts: ModelFacts, score: float) -> float:
    """The calibrated probability in [0, 1] that two photos with this cosine are of one category (Platt scaling)."""
    return 1.0 / (1.0 + math.exp(-(facts.similarity_slope * score + facts.similarity_intercept)))


def best_guess(facts: ModelFacts, prediction: Prediction) -> CategoryGuess:
    """The likeliest category and its calibrated probability."""
    probability, category = max(zip(prediction.probabilities, facts.categories, strict=True))
    return CategoryGuess(category, probability)


def _reason(asked: Resolved, hit: Hit, photos: dict[PhotoId, Photo]) -> Reason:
    if hit.photo == asked.photo:
        return Reason.EXACT
    found = photos.get(hit.photo)
    if asked.perceptual_hash is not None and found is not None:
        apart = hamming_distance(asked.perceptual_hash, found.perceptual_hash)
        if apart <= NEAR_DUPLICATE_BITS:
            return Reason.NEAR_DUPLICATE
    return Reason.SIMILAR
