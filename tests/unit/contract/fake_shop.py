import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.http import Caller, HttpRequest, HttpResponse
from lookalike.contract.services import Health, Services
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.upload import UploadId
from tests.unit.services.service_harness import OTHER, SHOP, Works

__all__ = ["OTHER", "SHOP", "Shop", "picture", "told"]


def picture(colour: str, shape: str = "ellipse") -> bytes:
    """A JPEG of one coloured shape on white."""
    image = Image.new("RGB", (96, 96), "white")
    getattr(ImageDraw.Draw(image), shape)((16, 16, 80, 80), fill=colour)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


@dataclass
class Shop(Works):
    """Every service over fakes, and a dispatcher before them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.services = Services(
            request_upload=self.request,
            find_similar=self.find,
            put_items=self.put,
            update_items=self.update,
            remove_items=self.remove,
            remove_photos=self.remove_photos,
            ledger=self.ledger,
            items=self.items,
            photos=self.photos,
            status=self.report,
            health=lambda: Health(self.embedder.facts.version, None),
        )
        self.dispatch = Dispatcher(self.services)

    def report(self, catalogue: CatalogueId) -> CatalogueStatus:
        items, photos = self.items.count(catalogue)
        uploads = {str(status): count for status, count in self.ledger.count_uploads(catalogue).items()}
        return CatalogueStatus(catalogue, items, photos, uploads, self.index.generations(catalogue), 0)

    def sell(
        self, item: str, photo: bytes, *labels: str, catalogue: CatalogueId = SHOP, category: str = "dress"
    ) -> None:
        """Put an item with one indexed photo in."""
        described = Item(ItemId(item), category, item.title(), frozenset(map(Label.parse, labels)))
        self.items.put_many(catalogue, [described])
        self.send(photo, described.id, catalogue)
        self.work()

    def bring(self, photo: bytes, catalogue: CatalogueId = SHOP) -> UploadId:
        """A shopper's photo, received but not prepared."""
        return self.send(photo, catalogue=catalogue)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        catalogue: CatalogueId | None = SHOP,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Send one request through the dispatcher; `body` is JSON unless it is bytes already."""
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        caller = None if catalogue is None else Caller(catalogue)
        return self.dispatch(HttpRequest(method, path, query, sent, raw, caller))


def told(response: HttpResponse) -> dict[str, Any]:
    """The JSON of a response."""
    document: dict[str, Any] = json.loads(response.body)
    return document
