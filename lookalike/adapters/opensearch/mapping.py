import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import DIMENSIONS, ModelVersion
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.errors import InvalidRequestError
from lookalike.ports.vector_index import IndexEntry

_KEY: Final = "/"  # in neither an item's id nor a photo's
_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class IndexLayout:
    """How indexes are named and built.

    `prefix` keeps deployments apart that share a domain: 1 to 63 lower-case letters, digits and dashes. Two
    availability zones need one of `replicas`. `refresh_interval` bounds how long a write waits until it can be found,
    and how often an index refreshes however many write to it at once. `m` (edges a node) and `ef_construction`
    (candidates when inserting) are HNSW's, arXiv:1603.09320.
    """

    prefix: str = "lookalike"
    shards: int = 1
    replicas: int = 1
    refresh_interval: str = "250ms"
    m: int = 16
    ef_construction: int = 128

    def __post_init__(self) -> None:
        if _PREFIX.fullmatch(self.prefix) is None:
            raise InvalidRequestError("prefix", f"{self.prefix!r:.80} must be lower-case letters, digits and dashes")

    def alias(self, catalogue: CatalogueId) -> str:
        """What readers and writers of a catalogue address."""
        return f"{self.prefix}_{catalogue}"

    def index(self, catalogue: CatalogueId, number: int) -> str:
        """The index of one generation."""
        return f"{self.alias(catalogue)}_{number}"

    def indexes(self, catalogue: CatalogueId) -> str:
        """Matches every generation of this catalogue and of no other: no catalogue's name has an underscore."""
        return f"{self.alias(catalogue)}_*"


def index_body(
    layout: IndexLayout, catalogue: CatalogueId, number: int, model: ModelVersion, created_at: datetime
) -> dict[str, Any]:
    """What creates the first generation together with the alias that makes it live: one step, so it cannot half happen.

    No index template stands beside it: a template and an index are two steps, and two writers can come between.
    """
    return {
        "aliases": {layout.alias(catalogue): {}},
        "settings": {
            "index": {
                "knn": True,
                "number_of_shards": layout.shards,
                "number_of_replicas": layout.replicas,
                "refresh_interval": layout.refresh_interval,
            }
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"model": model, "number": number, "created_at": created_at.isoformat()},
            "properties": _properties(layout, model),
        },
    }


def _properties(layout: IndexLayout, model: ModelVersion) -> dict[str, Any]:
    parameters = {"m": layout.m, "ef_construction": layout.ef_construction}
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil", "parameters": parameters}
    return {
        "item": {"type": "keyword"},
        "photo": {"type": "keyword"},
        "labels": {"type": "keyword"},
        "facets": {"type": "keyword"},
        # OpenSearch itself refuses an entry of another model, even one sent while the alias moves.
        "model": {"type": "constant_keyword", "value": model},
        "vector": {"type": "knn_vector", "dimension": DIMENSIONS, "method": method},
    }


def document_id(item: ItemId, photo: PhotoId) -> str:
    """The key of an entry as one text."""
    return f"{item}{_KEY}{photo}"


def read_document_id(text: str) -> tuple[ItemId, PhotoId]:
    """The entry's key that `document_id` wrote."""
    item, _, photo = text.rpartition(_KEY)
    return ItemId.stored(item), PhotoId.stored(photo)


def document(entry: IndexEntry) -> dict[str, Any]:
    """An entry as it is stored; every float32 survives the way through JSON."""
    return {
        "item": entry.item,
        "photo": entry.photo,
        "model": entry.embedding.model,
        "vector": entry.embedding.vector.tolist(),
        **label_fields(entry.labels),
    }


def label_fields(labels: frozenset[Label]) -> dict[str, list[str]]:
    """The labels and, so that an unknown facet can be told from one without matches, their facets."""
    return {"labels": sorted(map(str, labels)), "facets": sorted({label.facet for label in labels})}
