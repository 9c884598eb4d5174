from collections.abc import Callable
from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.query import Query
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.remove_items import RemoveItems, RemovePhotos
from lookalike.services.request_upload import RequestUpload

Search = Callable[[CatalogueId, Query], SearchResult]
"""What `FindSimilar` does; named by its shape, so that hosts without it need not load what it loads."""


@dataclass(frozen=True, slots=True)
class Health:
    """What anybody may know: the model, and the live index generation where the host serves one catalogue only."""

    model: ModelVersion
    generation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What routes ask of a host, each at most one. A host gives what its routes need; the others it does not serve."""

    request_upload: RequestUpload | None = None
    find_similar: Search | None = None
    put_items: PutItems | None = None
    update_items: UpdateItems | None = None
    remove_items: RemoveItems | None = None
    remove_photos: RemovePhotos | None = None
    ledger: Ledger | None = None
    items: ItemStore | None = None
    photos: PhotoStore | None = None
    status: Callable[[CatalogueId], CatalogueStatus] | None = None
    health: Callable[[], Health] | None = None
