import math
import time
from collections.abc import Callable, Iterable
from typing import Final

from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.bulk import Patience
from lookalike.adapters.opensearch.query import has_facet
from lookalike.adapters.opensearch.search import ask_many
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.filter import Filter
from lookalike.errors import UnknownFacetError

_REMEMBERED: Final = 30.0
"""Seconds for which a facet that was there is taken to be there; then a filter of it finds nothing, which is true."""


class KnownFacets:
    """Tells facets that some entry has from those none has. Only the former are remembered, and not for long."""

    def __init__(self, client: OpenSearch, patience: Patience, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._patience = patience
        self._monotonic = monotonic
        self._seen: dict[tuple[CatalogueId, str], float] = {}

    def check(self, catalogue: CatalogueId, alias: str, filters: Iterable[Filter]) -> None:
        """Raise `UnknownFacetError` where a filter names a facet that no entry has."""
        named = {label.facet for filter_ in filters for clause in filter_.clauses for label in clause.labels}
        now = self._monotonic()
        unsure = sorted(facet for facet in named if self._seen.get((catalogue, facet), -math.inf) + _REMEMBERED <= now)
        answers = ask_many(self._client, alias, list(map(has_facet, unsure)), self._patience)
        for facet, answer in zip(unsure, answers, strict=True):
            if not answer["hits"]["total"]["value"]:
                raise UnknownFacetError("filter", f"no item has a label of the facet {facet}")
            self._seen[catalogue, facet] = now

    def forget(self, catalogue: CatalogueId) -> None:
        """Ask again: entries were changed or removed."""
        for key in [key for key in tuple(self._seen) if key[0] == catalogue]:
            self._seen.pop(key, None)
