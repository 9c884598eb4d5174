import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding
from lookalike.domain.neighbour import CategoryGuess, Neighbour, Reason, SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import Query
from lookalike.imaging.perceptual_hash import hamming_distance
from lookalike.ports.embedder import ModelFacts, Prediction
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.vector_index import Hit, VectorIndex, VectorQuery
from lookalike.services.resolve_subject import Resolved, ResolveSubject
from lookalike.services.stopwatch import Stopwatch

NEAR_DUPLICATE_BITS: Final = 14
"""Perceptual hashes (64 bits) that differ in no more than this may be of one picture; they see no colours."""
NEAR_DUPLICATE_COLOURS: Final = 0.95
"""The cosine of two vectors' colours that copies of one picture have at least (`tests/bench/bench_copies.py`)."""
NEAR_DUPLICATE_SCORE: Final = 0.98
"""The cosine of whole vectors that stands in for it where a model does not set colours apart."""


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
        facts = self.resolve.embed.embedder.facts
        copies = self._copies(catalogue, asked, hits)
        # An item that was removed since the index was asked is no longer an answer.
        there = [hit for hit in hits if hit.item in items]
        return tuple(
            Neighbour(
                items[hit.item], hit.photo, hit.score, rank, confidence(facts, hit.score), _reason(asked, hit, copies)
            )
            for rank, hit in enumerate(there, start=1)
        )

    def _copies(self, catalogue: CatalogueId, asked: Resolved, hits: Sequence[Hit]) -> frozenset[PhotoId]:
        """The photos found that show the picture asked with: by their shapes' hash, then by their colours."""
        if asked.perceptual_hash is None:
            return frozenset()
        photos = self.ledger.find_photos(catalogue, [hit.photo for hit in hits])
        shaped = [
            hit
            for hit in hits
            if hit.photo in photos
            and hamming_distance(asked.perceptual_hash, photos[hit.photo].perceptual_hash) <= NEAR_DUPLICATE_BITS
        ]
        facts = self.resolve.embed.embedder.facts
        if not shaped or not facts.colour_dimensions:
            return frozenset(hit.photo for hit in shaped if hit.score >= NEAR_DUPLICATE_SCORE)
        known = self.index.find_embeddings(catalogue, facts.version, [hit.photo for hit in shaped])
        return frozenset(
            photo
            for photo, embedding in known.items()
            if colours_alike(asked.embedding, embedding, facts.colour_dimensions) >= NEAR_DUPLICATE_COLOURS
        )


def colours_alike(one: Embedding, other: Embedding, dimensions: int) -> float:
    """The cosine in [-1, 1] of two vectors' last numbers alone."""
    here, there = one.vector[-dimensions:], other.vector[-dimensions:]
    return float(here @ there / max(float(np.linalg.norm(here) * np.linalg.norm(there)), 1e-9))


def confidence(facts: ModelFacts, score: float) -> float:
    """The calibrated probability in [0, 1] that two photos with this cosine are of one category (Platt scaling)."""
    return 1.0 / (1.0 + math.exp(-(facts.similarity_slope * score + facts.similarity_intercept)))


def best_guess(facts: ModelFacts, prediction: Prediction) -> CategoryGuess:
    """The likeliest category and its calibrated probability."""
    probability, category = max(zip(prediction.probabilities, facts.categories, strict=True))
    return CategoryGuess(category, probability)


def _reason(asked: Resolved, hit: Hit, copies: frozenset[PhotoId]) -> Reason:
    if hit.photo == asked.photo:
        return Reason.EXACT
    return Reason.NEAR_DUPLICATE if hit.photo in copies else Reason.SIMILAR
