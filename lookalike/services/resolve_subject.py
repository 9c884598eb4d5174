from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import Embedding, unit_vector
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByPhoto, ByText, ByUpload, ByVector, Region, Subject
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import InvalidRequestError, NotFoundError, PhotoRejectedError, VersionMismatchError
from lookalike.imaging.limits import Limits
from lookalike.imaging.pixels import decode_pixels
from lookalike.imaging.prepare import prepare
from lookalike.ports.embedder import Pixels, Prediction, Priority
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.embed_photos import EmbedPhotos
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
class _Seen:
    key: PhotoId
    pixels: Pixels
    perceptual_hash: int | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ResolveSubject:
    """Turn what is asked with (a photo, an upload, an item, a vector) into one embedding."""

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    index: VectorIndex
    embed: EmbedPhotos
    limits: Limits

    def __call__(self, catalogue: CatalogueId, subject: Subject, watch: Stopwatch) -> Resolved:
        """Time stages `decode` and `embed` on `watch`.

        Raises `PhotoRejectedError` for a photo that cannot be used, `NotFoundError` for an upload or item that is
        not this catalogue's, `InvalidRequestError` for text, which needs a model with a text tower.
        """
        match subject:
            case ByPhoto(data, region):
                return self._see(lambda: self._prepare(data, region), watch)
            case ByUpload(upload, region):
                return self._see(lambda: self._fetch(catalogue, upload, region), watch)
            case ByItem(item):
                return self._recall(catalogue, item)
            case ByVector(embedding):
                return self._accept(embedding)
            case ByText():
                raise InvalidRequestError("text", "the model of this catalogue does not read text")

    def _see(self, look: Callable[[], _Seen], watch: Stopwatch) -> Resolved:
        with watch.stage("decode"):
            seen = look()
        with watch.stage("embed"):
            prediction = self.embed({seen.key: lambda: seen.pixels}, Priority.INTERACTIVE)[seen.key]
        photo = seen.key if seen.is_whole else None
        return Resolved(prediction.embedding, photo, seen.perceptual_hash, prediction)

    def _prepare(self, data: bytes, region: Region | None) -> _Seen:
        box = None if region is None else (region.left, region.top, region.right, region.bottom)
        made = prepare(data, self.embed.embedder.facts.input_size, limits=self.limits, region=box)
        if box is None:
            return _Seen(PhotoId.of(data), made.pixels, made.perceptual_hash, is_whole=True)
        # A region is another picture to the model, so it has a key of its own.
        key = PhotoId(sha256(data + repr(box).encode()).hexdigest())
        return _Seen(key, made.pixels, None, is_whole=False)

    def _fetch(self, catalogue: CatalogueId, upload_id: UploadId, region: Region | None) -> _Seen:
        upload = self.ledger.find_uploads(catalogue, [upload_id]).get(upload_id)
        if upload is None:
            raise NotFoundError(f"no upload {upload_id}")
        if upload.status is UploadStatus.REJECTED and upload.rejection is not None:
            raise PhotoRejectedError(upload.rejection, upload.detail)
        if upload.photo is not None and region is None:
            prepared = self.photos.read_prepared(catalogue, [upload.photo])
            known = self.ledger.find_photos(catalogue, [upload.photo])
            if upload.photo in prepared and upload.photo in known:
                pixels = decode_pixels(prepared[upload.photo])
                return _Seen(upload.photo, pixels, known[upload.photo].perceptual_hash, is_whole=True)
        # The shopper is quicker than the queue, or asks with a part: look at the original.
        return self._prepare(self.photos.read_upload(catalogue, upload_id), region)

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
