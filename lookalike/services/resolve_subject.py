from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, unit_vector
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Region, Subject
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import InvalidRequestError, NotFoundError, PhotoRejectedError, VersionMismatchError
from lookalike.imaging.limits import Limits
from lookalike.imaging.orient import Box
from lookalike.imaging.pixels import decode_pixels
from lookalike.imaging.prepare import decode_memory, prepare
from lookalike.ports.embedder import Prediction, Priority
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.memory_budget import MemoryBudget
from lookalike.services.prepared_queries import PreparedQueries, PreparedQuery
from lookalike.services.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a query's subject comes down to.

    `photo` and `perceptual_hash` are those of the whole photo asked with, where there is one; `prediction` is
    the model's word on it; `excluded` is the item that was asked with.
    """

    embedding: Embedding
    photo: PhotoId | None = None
    perceptual_hash: int | None = None
    prediction: Prediction | None = None
    excluded: frozenset[ItemId] = frozenset()


@dataclass(frozen=True, slots=True)
class ResolveSubject:
    """Turn what is asked with (a photo, an upload, an item, a vector) into one embedding."""

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    index: VectorIndex
    embed: EmbedPhotos
    limits: Limits
    budget: MemoryBudget = field(default_factory=lambda: MemoryBudget(Limits().max_memory))
    seen: PreparedQueries = field(default_factory=PreparedQueries)

    def __call__(self, catalogue: CatalogueId, subject: Subject, watch: Stopwatch) -> Resolved:
        """Time stages `decode` and `embed` on `watch`.

        Raises `PhotoRejectedError` for a photo that cannot be used, `NotFoundError` for an upload or item that is
        not this catalogue's, `InvalidRequestError` for text, which needs a model with a text tower, `OverloadedError`
        where there is no memory to decode in.
        """
        match subject:
            case ByPhoto(data, region):
                return self._see(lambda: self._look(PhotoId.of(data), region, lambda: data), watch)
            case ByUpload(upload, region):
                return self._see(lambda: self._fetch(catalogue, upload, region), watch)
            case ByItem(item):
                return self._recall(catalogue, item)
            case ByVector(embedding):
                return self._accept(embedding)
            case ByText():
                raise InvalidRequestError("text", "the model of this catalogue does not read text")

    def _see(self, look: Callable[[], PreparedQuery], watch: Stopwatch) -> Resolved:
        with watch.stage("decode"):
            seen = look()
        with watch.stage("embed"):
            prediction = self.embed({seen.key: lambda: seen.pixels}, Priority.INTERACTIVE)[seen.key]
        photo = seen.key if seen.is_whole else None
        return Resolved(prediction.embedding, photo, seen.perceptual_hash, prediction)

    def _look(self, photo: PhotoId, region: Region | None, read: Callable[[], bytes]) -> PreparedQuery:
        box = None if region is None else (region.left, region.top, region.right, region.bottom)
        # A region is another picture to the model, so it has a key of its own.
        key = photo if box is None else PhotoId(sha256(f"{photo}{box!r}".encode()).hexdigest())
        return self.seen.get(key, lambda found_large: self._prepare(key, read(), box, found_large))

    def _prepare(self, key: PhotoId, data: bytes, box: Box | None, found_large: Callable[[], None]) -> PreparedQuery:
        size = self.embed.embedder.facts.input_size
        wanted = decode_memory(data, size, limits=self.limits, region=box)
        if self.budget.is_large(wanted):
            found_large()
        with self.budget.hold(wanted, Priority.INTERACTIVE):
            if found := self.seen.find(key):  # prepared as an upload, while this waited for memory
                return found
            made = prepare(data, size, limits=self.limits, region=box)
        return PreparedQuery(key, made.pixels, None if box else made.perceptual_hash, is_whole=box is None)

    def _fetch(self, catalogue: CatalogueId, upload_id: UploadId, region: Region | None) -> PreparedQuery:
        upload = self.ledger.find_uploads(catalogue, [upload_id]).get(upload_id)
        if upload is None:
            raise NotFoundError(f"no upload {upload_id}")
        if upload.status is UploadStatus.REJECTED and upload.rejection is not None:
            raise PhotoRejectedError(upload.rejection, upload.detail)
        photo = upload.photo
        if photo is None:  # the shopper is quicker than the queue
            data = self.photos.read_upload(catalogue, upload_id)
            return self._look(PhotoId.of(data), region, lambda: data)
        if region is None:
            prepared = self.photos.read_prepared(catalogue, [photo])
            known = self.ledger.find_photos(catalogue, [photo])
            if photo in prepared and photo in known:
                pixels = decode_pixels(prepared[photo])
                return PreparedQuery(photo, pixels, known[photo].perceptual_hash, is_whole=True)
        return self._look(photo, region, lambda: self._original(upload, photo))

    def _original(self, upload: Upload, photo: PhotoId) -> bytes:
        data = self.photos.read_upload(upload.catalogue, upload.id)
        if PhotoId.of(data) != photo:  # a bucket takes a form's photo as often as it is sent: the first one counts
            raise NotFoundError(f"the photo of upload {upload.id} was replaced: upload it again")
        return data

    def _recall(self, catalogue: CatalogueId, item_id: ItemId) -> Resolved:
        item = self.items.get_many(catalogue, [item_id]).get(item_id)
        if item is None:
            raise NotFoundError(f"no item {item_id}")
        model = self.embed.embedder.facts.version
        known = self.index.find_embeddings(catalogue, model, item.photos)
        if not known:
            raise NotFoundError(f"item {item_id} has no indexed photo yet")
        middle = unit_vector(sum(embedding.vector for embedding in known.values()))
        return Resolved(Embedding(middle, model), excluded=frozenset({item_id}))

    def _accept(self, embedding: Embedding) -> Resolved:
        ours = self.embed.embedder.facts.version
        if embedding.model != ours:
            raise VersionMismatchError("model", f"the vector is of {embedding.model}, the catalogue of {ours}")
        return Resolved(embedding)
