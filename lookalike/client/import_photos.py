from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from lookalike.client.items import Items
from lookalike.client.uploads import Uploads
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import ConflictError, InvalidRequestError, NotFoundError, PhotoRejectedError
from lookalike.ports.catalogue import Imported, NewPhoto, without_category

_BATCH: Final = 32
_AT_ONCE: Final = 6
_MOST_BYTES: Final = 100_000_000  # nothing is read that no server takes
_ITS_OWN_FAULT: Final = (ConflictError, InvalidRequestError, NotFoundError, PhotoRejectedError)

_Key = tuple[ItemId, PhotoId]


@dataclass(frozen=True, slots=True)
class _Read:
    photo: NewPhoto
    data: bytes
    id: PhotoId


@dataclass(frozen=True, slots=True)
class ImportPhotos:
    """Bring many photos in, some at a time; those that their items have already are not sent again."""

    items: Items
    uploads: Uploads
    catalogue: CatalogueId

    def __call__(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """Yields one `Imported` a photo, in order. A photo's own fault stands in its place; the server's raises.

        An error, Ctrl-C among them, comes after what was finished until then.
        """
        source = iter(photos)
        with ThreadPoolExecutor(_AT_ONCE, "import") as pool:
            while batch := list(islice(source, _BATCH)):
                yield from self._bring(batch, pool)

    def _bring(self, batch: Sequence[NewPhoto], pool: ThreadPoolExecutor) -> Iterator[Imported]:
        entries = [_read(photo) for photo in batch]
        unknown = self._describe([entry.photo.item for entry in entries if isinstance(entry, _Read)])
        entries = [_checked(entry, unknown) for entry in entries]
        read = [entry for entry in entries if isinstance(entry, _Read)]
        there = self._photos_of({entry.photo.item.id for entry in read}, pool)
        fresh = {(e.photo.item.id, e.id): e for e in read if e.id not in there[e.photo.item.id]}
        sent = {key: pool.submit(self._send, entry) for key, entry in fresh.items()}
        try:
            for future in sent.values():
                future.result()
        except BaseException:
            for future in sent.values():
                future.cancel()
            wait(sent.values())
            yield from self._told_all(entries, sent)
            raise
        yield from self._told_all(entries, sent)

    def _told_all(
        self, entries: Sequence[_Read | Imported], sent: Mapping[_Key, Future[Upload | str]]
    ) -> Iterator[Imported]:
        """What became of each, but for those that were not sent to the end."""
        failed = {key for key, future in sent.items() if future.cancelled() or future.exception() is not None}
        results = {key: future.result() for key, future in sent.items() if key not in failed}
        for entry in entries:
            if not isinstance(entry, _Read):
                yield entry
            elif (entry.photo.item.id, entry.id) not in failed:
                yield self._told(entry, results)

    def _describe(self, told: Sequence[Item | ItemPatch]) -> list[ItemId]:
        """Write whole descriptions, then changes to them; the ids of items that are new and lack a category.

        Equal ones too: whether filters know of an earlier write is the server's to see.
        """
        self.items.put(list({item.id: item for item in told if isinstance(item, Item)}.values()))
        return self.items.update([patch for patch in told if isinstance(patch, ItemPatch)])

    def _photos_of(self, items: set[ItemId], pool: ThreadPoolExecutor) -> dict[ItemId, tuple[PhotoId, ...]]:
        found = zip(items, pool.map(self.items.find, items), strict=True)
        return {id_: item.photos if item else () for id_, item in found}

    def _send(self, entry: _Read) -> Upload | str:
        try:
            upload = self.uploads.bring(entry.data, entry.photo.item.id)
            return self.uploads.settled(upload).upload(self.catalogue)
        except _ITS_OWN_FAULT as error:
            return str(error)

    def _told(self, entry: _Read, results: dict[_Key, Upload | str]) -> Imported:
        result = results.get((entry.photo.item.id, entry.id))
        if result is None:
            return Imported(entry.photo, self._as_left(entry), already_there=True)
        if isinstance(result, str):
            return Imported(entry.photo, None, result)
        late = "" if result.is_final else f"it is {result.status} still"
        return Imported(entry.photo, result, result.detail or late)

    def _as_left(self, entry: _Read) -> Upload:
        """The upload of an earlier import, as far as it is known: its photo is there."""
        now = datetime.now(UTC)
        return Upload(
            id=UploadId.repeatable(entry.photo.item.id, entry.id),
            catalogue=self.catalogue,
            content_type="application/octet-stream",
            requested_at=now,
            updated_at=now,
            item=entry.photo.item.id,
            status=UploadStatus.INDEXED,
            photo=entry.id,
        )


def _read(photo: NewPhoto) -> _Read | Imported:
    if isinstance(photo.content, bytes):
        return _Read(photo, photo.content, PhotoId.of(photo.content))
    try:
        size = photo.content.stat().st_size
        if size > _MOST_BYTES:
            return Imported(photo, None, f"the file has {size} bytes, which is too many")
        data = photo.content.read_bytes()
    except OSError as error:
        return Imported(photo, None, str(error))
    return _Read(photo, data, PhotoId.of(data))


def _checked(entry: _Read | Imported, unknown: Sequence[ItemId]) -> _Read | Imported:
    if isinstance(entry, _Read) and entry.photo.item.id in unknown:
        return without_category(entry.photo)
    return entry
