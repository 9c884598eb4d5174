import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.http import Caller, HttpRequest, HttpResponse
from lookalike.contract.services import Health, Services
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.upload import UploadId
from lookalike.imaging.limits import Limits
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.find_similar import FindSimilar
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.prepare_photos import PreparePhotos
from lookalike.services.put_items import PutItems
from lookalike.services.receive_uploads import ReceiveUploads
from lookalike.services.remove_items import RemoveItems
from lookalike.services.request_upload import RequestUpload
from lookalike.services.resolve_subject import ResolveSubject
from lookalike.testing import (
    FakeEmbedder,
    FixedClock,
    InMemoryEmbeddingCache,
    InMemoryEventLog,
    InMemoryItemStore,
    InMemoryLedger,
    InMemoryPhotoStore,
    InMemoryVectorIndex,
    InMemoryWorkQueue,
)

SHOP = CatalogueId("shop")
OTHER = CatalogueId("other-shop")


def picture(colour: str, shape: str = "ellipse") -> bytes:
    """A JPEG of one coloured shape on white."""
    image = Image.new("RGB", (96, 96), "white")
    getattr(ImageDraw.Draw(image), shape)((16, 16, 80, 80), fill=colour)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


@dataclass
class Shop:
    """Every service over fakes, and a dispatcher before them."""

    clock: FixedClock = field(default_factory=FixedClock)
    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    items: InMemoryItemStore = field(default_factory=InMemoryItemStore)
    photos: InMemoryPhotoStore = field(default_factory=InMemoryPhotoStore)
    index: InMemoryVectorIndex = field(default_factory=InMemoryVectorIndex)
    events: InMemoryEventLog = field(default_factory=InMemoryEventLog)
    received: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    to_embed: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    limits: Limits = field(default_factory=lambda: Limits(max_bytes=200_000))

    def __post_init__(self) -> None:
        size = self.embedder.facts.input_size
        embed = EmbedPhotos(self.embedder, InMemoryEmbeddingCache())
        resolve = ResolveSubject(self.ledger, self.photos, self.items, self.index, embed, self.limits)
        self.receive = ReceiveUploads(self.ledger, self.photos, self.received, self.clock)
        self.prepare = PreparePhotos(
            self.ledger, self.photos, self.to_embed, self.events, self.clock, self.limits, size
        )
        self.index_photos = IndexPhotos(
            ledger=self.ledger,
            photos=self.photos,
            items=self.items,
            embed=embed,
            claim=ClaimPhotos(self.ledger, self.clock, timedelta(minutes=2)),
            index=self.index,
            received=self.received,
            to_embed=self.to_embed,
            events=self.events,
            clock=self.clock,
        )
        self.services = Services(
            request_upload=RequestUpload(self.ledger, self.photos, self.items, self.clock, self.limits),
            find_similar=FindSimilar(resolve, self.index, self.items, self.ledger),
            put_items=PutItems(self.items, self.index),
            remove_items=RemoveItems(self.ledger, self.photos, self.items, self.index, self.events, self.clock),
            ledger=self.ledger,
            items=self.items,
            photos=self.photos,
            status=self.status,
            health=lambda: Health(self.embedder.facts.version, None),
        )
        self.dispatch = Dispatcher(self.services)

    def status(self, catalogue: CatalogueId) -> CatalogueStatus:
        items, photos = self.items.count(catalogue)
        uploads = {str(status): count for status, count in self.ledger.count_uploads(catalogue).items()}
        return CatalogueStatus(catalogue, items, photos, uploads, self.index.generations(catalogue), 0)

    def work(self) -> None:
        """What the queues' workers would do by now."""
        self.prepare(self.received.drain())
        self.index_photos(self.to_embed.drain())

    def sell(
        self, item: str, photo: bytes, *labels: str, catalogue: CatalogueId = SHOP, category: str = "dress"
    ) -> None:
        """Put an item with one indexed photo in."""
        described = Item(ItemId(item), category, item.title(), frozenset(map(Label.parse, labels)))
        self.items.put_many(catalogue, [described])
        ticket = self.services.request_upload(catalogue, "image/jpeg", described.id)
        self.receive(catalogue, {ticket.upload.id: photo})
        self.work()

    def bring(self, photo: bytes, catalogue: CatalogueId = SHOP) -> UploadId:
        """A shopper's photo, received but not prepared."""
        upload = self.services.request_upload(catalogue, "image/jpeg").upload.id
        self.receive(catalogue, {upload: photo})
        return upload

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
