import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from lookalike.client.async_transport import DEADLINE_S, TIMEOUT_S
from lookalike.client.import_photos import ImportPhotos
from lookalike.client.items import Items
from lookalike.client.retry import RetryPolicy, Timing
from lookalike.client.transport import Transport
from lookalike.client.uploads import Uploads
from lookalike.contract.models.search import ClauseBody, RegionBody, SearchBody, SearchView, thumbnail_path
from lookalike.contract.models.status import StatusView
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.filter import LabelClause
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.plain import must_be
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Query, Region, Subject
from lookalike.ports.catalogue import Imported, NewPhoto, each_new_photo

_STAGE = re.compile(r"([\w-]+);dur=([0-9.]+)")


class HttpCatalogue:
    """`lookalike.ports.catalogue.Catalogue` over HTTP; may be used by several threads.

    Each call raises what the server's services raise, `UnauthenticatedError` and `ForbiddenError` for a token that
    does not do, `UnavailableError` where the server does not answer, and `InvalidRequestError` for an address that is
    no Lookalike's.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT_S,
        deadline: float = DEADLINE_S,
        allow_insecure: bool = False,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        timing: Timing = Timing(),  # noqa: B008 (frozen)
    ) -> None:
        """Nothing is sent yet; see `AsyncTransport` for the arguments. Raises `InvalidRequestError`."""
        self._transport = Transport(
            base_url,
            token,
            timeout=timeout,
            deadline=deadline,
            allow_insecure=allow_insecure,
            policy=policy,
            timing=timing,
        )
        self._items = Items(self._transport)
        self._uploads = Uploads(self._transport)

    @cached_property
    def id(self) -> CatalogueId:
        """The catalogue that the token is for."""
        return self.status().catalogue

    def put_items(self, items: Sequence[Item]) -> None:
        """Insert or replace descriptions; photos stay, filters see the new labels when this returns."""
        self._items.put(items)

    def update_items(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Change parts of descriptions; returns the ids that are not there and were not made."""
        return self._items.update(patches)

    def get_item(self, item: ItemId) -> Item:
        """One item. Raises `NotFoundError`."""
        return self._items.get(item)

    def list_items(self, after: ItemId | None = None, limit: int = 100) -> list[Item]:
        """Up to `limit` (≤ 1,000) items in the order of their ids, starting behind `after`."""
        return self._items.page(after, limit)

    def remove_items(self, items: Sequence[ItemId]) -> list[ItemId]:
        """Delete items with their photos; returns the ids of those that were there."""
        return self._items.remove(items)

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]:
        """Take single photos out of items, and their bytes where they show no other; returns those that were there."""
        return self._items.remove_photos(photos)

    def import_photos(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """Bring photos in, in batches; what is yielded as `indexed` is durable and findable."""
        return ImportPhotos(self._items, self._uploads, self.id)(each_new_photo(photos))

    def search(self, query: Query) -> SearchResult:
        """The items most like the subject; a photo is uploaded first. `stages_ms` are the server's."""
        must_be(Query, "query", query)
        filters = [_clause(clause) for clause in query.filter.clauses]
        body = SearchBody(**self._subject(query.subject), filter=filters, k=query.k)
        response = self._transport.call("POST", "v1/search", body, safe=True)  # it only reads
        stages = {name: float(took) for name, took in _STAGE.findall(response.headers.get("Server-Timing", ""))}
        stages.pop("total", None)
        return self._transport.understood(SearchView, response).result(stages)

    def thumbnail(self, photo: PhotoId) -> bytes:
        """A WebP picture, its longest side 256 pixels. Raises `NotFoundError`."""
        picture = self._transport.call("GET", thumbnail_path(PhotoId(photo)).removeprefix("/")).content
        if not (picture.startswith(b"RIFF") and picture[8:12] == b"WEBP"):
            raise self._transport.not_ours("is no WebP picture")
        return picture

    def status(self) -> CatalogueStatus:
        """What there is."""
        return self._transport.read(StatusView, "GET", "v1/status").catalogue_status()

    def close(self) -> None:
        """Close the connections; closing twice is fine."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _subject(self, subject: Subject) -> dict[str, Any]:
        match subject:
            case ByPhoto(data, region):
                return {"upload": self._uploads.bring(data), "region": _region(region)}
            case ByUpload(upload, region):
                return {"upload": upload, "region": _region(region)}
            case ByItem(item):
                return {"item": item}
            case ByVector(embedding):
                return {"vector": embedding.vector.tolist(), "model": embedding.model}
            case ByText(text):
                return {"text": text}


def _region(region: Region | None) -> RegionBody | None:
    if region is None:
        return None
    return RegionBody(left=region.left, top=region.top, right=region.right, bottom=region.bottom)


def _clause(clause: LabelClause) -> ClauseBody:
    return ClauseBody(**{str(clause.match): sorted(clause.labels)})
