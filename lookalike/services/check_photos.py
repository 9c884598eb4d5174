from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.damage import Damage, Outcome
from lookalike.domain.embedding import Embedding
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import CatalogueDamagedError, NotFoundError, PhotoRejectedError
from lookalike.imaging.limits import Limits
from lookalike.imaging.pixels import decode_pixels
from lookalike.imaging.prepare import PreparedPhoto, prepare
from lookalike.ports.clock import Clock
from lookalike.ports.embedder import Pixels, Priority
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.services.embed_photos import EmbedPhotos

_ITEMS: Final = 100
_AT_ONCE: Final = 16
"""Photos whose pixels are held at once."""


@dataclass(frozen=True, slots=True)
class CheckPhotos:
    """Find items' photos whose bytes are gone or are not what their ids say, and make anew what follows from them."""

    ledger: Ledger
    photos: PhotoStore
    items: ItemStore
    embed: EmbedPhotos
    clock: Clock
    limits: Limits

    def __call__(self, catalogue: CatalogueId, *, repair: bool) -> Iterator[Damage]:
        """Every damage, reading every original. A thumbnail is drawn again; an original cannot be made.

        After a repair an import of the same bytes no longer takes what is lost to be there, and makes it anew.
        """
        after: ItemId | None = None
        while page := self.items.page(catalogue, after, _ITEMS):
            after = page[-1].id
            yield from self._check(catalogue, page, repair=repair)

    def embed_again(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> dict[PhotoId, Embedding]:
        """Embeddings of those of the photos whose prepared photo or original is sound; the others are forgotten."""
        uploads = self._uploads(catalogue, [item for item, _ in pairs])
        made: dict[PhotoId, Embedding] = {}
        photos = list(dict.fromkeys(photo for _, photo in pairs))
        for start in range(0, len(photos), _AT_ONCE):
            some = {photo: self._pixels(catalogue, photo, uploads) for photo in photos[start : start + _AT_ONCE]}
            there = {photo: pixels for photo, pixels in some.items() if pixels is not None}
            asked = {photo: partial(there.__getitem__, photo) for photo in there}
            predictions = self.embed(asked, Priority.BULK) if asked else {}
            made |= {photo: prediction.embedding for photo, prediction in predictions.items()}
        self.ledger.forget_photos(catalogue, [photo for photo in photos if photo not in made])
        return made

    def _check(self, catalogue: CatalogueId, items: Sequence[Item], *, repair: bool) -> Iterator[Damage]:
        uploads = self._uploads(catalogue, [item.id for item in items])
        for photo in dict.fromkeys(photo for item in items for photo in item.photos):
            sound = self._original(catalogue, uploads.get(photo, ()))
            if sound is None:
                yield self._lose(photo, uploads.get(photo, ()), repair=repair)
            try:
                self.photos.read_thumbnail(catalogue, photo)
            except NotFoundError:
                drawn = self._draw(catalogue, photo, sound) if repair else Outcome.FOUND
                yield Damage("thumbnail", photo, "is gone or damaged", drawn)

    def _lose(self, photo: PhotoId, uploads: Sequence[Upload], *, repair: bool) -> Damage:
        if not repair:
            return Damage("original", photo, "is gone or not what it was: --repair, then import it again")
        now = self.clock.now()
        self.ledger.advance_many([upload.lost(now) for upload in uploads if upload.status is UploadStatus.INDEXED])
        return Damage("original", photo, "is gone or not what it was: import it again", Outcome.LOST)

    def _draw(self, catalogue: CatalogueId, photo: PhotoId, original: bytes | None) -> Outcome:
        made = self._prepare(original)
        if made is None:
            self.ledger.forget_photos(catalogue, [photo])  # or an import would not draw it
            return Outcome.LOST
        self.photos.write_thumbnails(catalogue, {photo: made.thumbnail()})
        return Outcome.REPAIRED

    def _uploads(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[PhotoId, list[Upload]]:
        found: dict[PhotoId, list[Upload]] = {}
        for upload in self.ledger.uploads_of_items(catalogue, list(dict.fromkeys(items))):
            if upload.photo is not None:
                found.setdefault(upload.photo, []).append(upload)
        return found

    def _pixels(self, catalogue: CatalogueId, photo: PhotoId, uploads: dict[PhotoId, list[Upload]]) -> Pixels | None:
        stored = self.photos.read_prepared(catalogue, [photo]).get(photo)
        try:
            if stored is not None:
                return decode_pixels(stored)
        except CatalogueDamagedError:
            pass
        made = self._prepare(self._original(catalogue, uploads.get(photo, ())))
        return None if made is None else made.pixels

    def _original(self, catalogue: CatalogueId, uploads: Sequence[Upload]) -> bytes | None:
        for upload in uploads:
            try:
                data = self.photos.read_upload(catalogue, upload.id)
            except (NotFoundError, PhotoRejectedError):
                continue
            if PhotoId.of(data) == upload.photo:
                return data
        return None

    def _prepare(self, original: bytes | None) -> PreparedPhoto | None:
        if original is None:
            return None
        try:
            return prepare(original, self.embed.embedder.facts.input_size, limits=self.limits)
        except PhotoRejectedError:  # by the rules of today
            return None
