import io
from dataclasses import dataclass, field
from datetime import timedelta

from PIL import Image, ImageDraw

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.imaging.limits import Limits
from lookalike.ports.catalogue import Imported, NewPhoto
from lookalike.ports.work_queue import Pointer
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.expire_uploads import ExpireUploads
from lookalike.services.find_similar import FindSimilar
from lookalike.services.import_photos import ImportPhotos
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.prepare_photos import PreparePhotos
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.receive_uploads import ReceiveUploads
from lookalike.services.remove_items import RemoveItems, RemovePhotos
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


def picture(colour: str, *, kind: str = "JPEG", size: int = 96, quality: int = 90) -> bytes:
    """A coloured ellipse with a mark on white, in any format and size."""
    image = Image.new("RGB", (size, size), "white")
    drawing = ImageDraw.Draw(image)
    drawing.ellipse((size // 6, size // 6, size * 5 // 6, size * 3 // 4), fill=colour)
    drawing.rectangle((size // 3, size // 2, size // 2, size * 11 // 12), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": quality} if kind == "JPEG" else {}))
    return buffer.getvalue()


def item(name: str, category: str = "dress", *labels: str) -> Item:
    """An item without photos."""
    return Item(ItemId(name), category, labels=frozenset(map(Label.parse, labels)))


@dataclass
class Works:
    """Every service, over fakes."""

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
    keep_prepared: bool = True

    def __post_init__(self) -> None:
        size = self.embedder.facts.input_size
        self.embed = EmbedPhotos(self.embedder, InMemoryEmbeddingCache())
        self.resolve = ResolveSubject(self.ledger, self.photos, self.items, self.index, self.embed, self.limits)
        self.find = FindSimilar(self.resolve, self.index, self.items, self.ledger)
        self.put = PutItems(self.items, self.index)
        self.update = UpdateItems(self.items, self.index)
        self.request = RequestUpload(self.ledger, self.photos, self.items, self.clock, self.limits)
        self.receive = ReceiveUploads(self.ledger, self.photos, self.received, self.clock)
        self.prepare = PreparePhotos(
            self.ledger, self.photos, self.items, self.to_embed, self.events, self.clock, self.limits, size
        )
        self.index_photos = IndexPhotos(
            ledger=self.ledger,
            photos=self.photos,
            items=self.items,
            embed=self.embed,
            claim=ClaimPhotos(self.ledger, self.clock, timedelta(minutes=2)),
            index=self.index,
            received=self.received,
            to_embed=self.to_embed,
            events=self.events,
            clock=self.clock,
            keep_prepared=self.keep_prepared,
        )
        self.remove = RemoveItems(self.ledger, self.photos, self.items, self.index, self.events, self.clock)
        self.remove_photos = RemovePhotos(self.ledger, self.photos, self.items, self.index, self.events, self.clock)
        self.expire = ExpireUploads(self.ledger, self.photos, self.clock)
        self.bring_in = ImportPhotos(
            self.ledger,
            self.photos,
            self.put,
            self.update,
            self.prepare,
            self.index_photos,
            self.clock,
            self.limits,
        )

    @property
    def inferences(self) -> int:
        """Photos the model has looked at so far."""
        return sum(self.embedder.batches)

    def run_import(self, *photos: tuple[Item | ItemPatch, bytes], catalogue: CatalogueId = SHOP) -> list[Imported]:
        """Import, all at once."""
        new = [NewPhoto(one, data, one.id) for one, data in photos]
        return list(self.bring_in(catalogue, new))

    def send(self, data: bytes, of: ItemId | None = None, catalogue: CatalogueId = SHOP) -> UploadId:
        """Request an upload and send its bytes."""
        upload = self.request(catalogue, "image/jpeg", of).upload.id
        self.receive(catalogue, {upload: data})
        return upload

    def work(self) -> None:
        """What the queues' workers would do by now."""
        self.prepare(self.received.drain())
        self.index_photos(self.to_embed.drain())

    def upload(self, upload: UploadId, catalogue: CatalogueId = SHOP) -> Upload:
        """The upload's record as it stands."""
        return self.ledger.find_uploads(catalogue, [upload])[upload]

    def status(self, upload: UploadId) -> UploadStatus:
        """The upload's state as it stands."""
        return self.upload(upload).status

    def entries(self, catalogue: CatalogueId = SHOP) -> int:
        """How many (item, photo) pairs can be found."""
        return sum(generation.entries for generation in self.index.generations(catalogue))


def pointer(upload: UploadId) -> Pointer:
    """A message about an upload of the shop."""
    return Pointer(SHOP, upload)


def photo_of(data: bytes) -> PhotoId:
    """The id of these bytes."""
    return PhotoId.of(data)
