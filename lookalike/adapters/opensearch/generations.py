import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from lookalike.adapters.opensearch.errors import INDEX_EXISTS, error_type, translated
from lookalike.adapters.opensearch.mapping import IndexLayout, index_body
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.generation import IndexGeneration
from lookalike.errors import CatalogueDamagedError
from lookalike.ports.clock import Clock

_FIRST = 1


@dataclass(frozen=True, slots=True)
class Build:
    """One index, as its own `_meta` describes it."""

    index: str
    number: int
    model: ModelVersion
    created_at: datetime


class Generations:
    """Which builds a catalogue has and which of them its alias leads to.

    What an alias led to is remembered without a time limit, and that is safe: whoever uses it notices when it moved
    (an index names itself in every hit, and refuses other models' entries), and asks `read_live` again.
    """

    def __init__(self, client: OpenSearch, layout: IndexLayout, clock: Clock) -> None:
        self._client = client
        self._layout = layout
        self._clock = clock
        self._remembered: dict[CatalogueId, Build] = {}
        self._lock = threading.Lock()

    def live(self, catalogue: CatalogueId) -> Build | None:
        """The live build as last seen; None where there is none now."""
        return self._remembered.get(catalogue) or self.read_live(catalogue)

    def read_live(self, catalogue: CatalogueId) -> Build | None:
        """The live build as it is now."""
        with translated():
            found = self._client.indices.get_mapping(index=self._layout.alias(catalogue), ignore_unavailable=True)
        builds = [_build(index, described) for index, described in found.items()]
        if len(builds) > 1:
            raise CatalogueDamagedError(f"catalogue {catalogue} has {len(builds)} live generations, not one")
        self._remember(catalogue, builds)
        return builds[0] if builds else None

    def begin_unless_live(self, catalogue: CatalogueId, model: ModelVersion) -> None:
        """Make generation 1, of `model`, where no build is live. Of two that come at once, one makes it."""
        if self.live(catalogue) is None:
            self._begin(catalogue, model)

    def all(self, catalogue: CatalogueId) -> tuple[IndexGeneration, ...]:
        """All builds there are, oldest first, with their entries counted."""
        alias = self._layout.alias(catalogue)
        with translated():
            found = self._client.indices.get(index=self._layout.indexes(catalogue))
            builds = sorted((_build(index, described) for index, described in found.items()), key=lambda b: b.number)
            return tuple(
                IndexGeneration(
                    build.number,
                    build.model,
                    live=alias in found[build.index]["aliases"],
                    entries=self._client.count(index=build.index)["count"],
                    created_at=build.created_at,
                )
                for build in builds
            )

    def _begin(self, catalogue: CatalogueId, model: ModelVersion) -> None:
        body = index_body(self._layout, catalogue, _FIRST, model, self._clock.now())
        with translated():
            try:
                self._client.indices.create(index=self._layout.index(catalogue, _FIRST), body=body)
            except RequestError as error:
                if error_type(error) != INDEX_EXISTS:
                    raise
        if self.read_live(catalogue) is None:
            raise CatalogueDamagedError(f"catalogue {catalogue} has a first generation, and it is not live")

    def _remember(self, catalogue: CatalogueId, builds: list[Build]) -> None:
        with self._lock:
            if builds:
                self._remembered[catalogue] = builds[0]
            else:
                self._remembered.pop(catalogue, None)


def _build(index: str, described: Mapping[str, Any]) -> Build:
    try:
        meta = described["mappings"]["_meta"]
        created_at = datetime.fromisoformat(meta["created_at"])
        return Build(index, int(meta["number"]), ModelVersion(meta["model"]), created_at)
    except (KeyError, ValueError) as error:
        raise CatalogueDamagedError(f"index {index} does not say what it was built for") from error
