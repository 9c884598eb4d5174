from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.imaging.limits import Limits
from lookalike.ports.catalogue import Imported, NewPhoto, without_category
from lookalike.ports.clock import Clock
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.work_queue import Pointer
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.prepare_photos import PreparePhotos
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.receive_uploads import mark_received

BATCH: Final = 64
"""Photos a batch: large enough to share commits and fill the model, small enough to report often."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A photo whose file was read: its upload is the same one however often the import runs."""

    photo: NewPhoto
    data: bytes
    upload: UploadId


@dataclass(frozen=True, slots=True)
class ImportPhotos:
    """Bring many photos in without a queue: whole batches through every step, the next read while one is indexed.

    Each photo's upload id follows from its item and bytes, so running an import again finds what is done.
    """

    ledger: Ledger
    photos: PhotoStore
    put_items: PutItems
    update_items: UpdateItems
    prepare: PreparePhotos
    index: IndexPhotos
    clock: Clock
    limits: Limits

    def __call__(self, catalogue: CatalogueId, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """Yields one `Imported` a photo, in order; what it shows as indexed is durable and findable.

        An error, Ctrl-C among them, comes after what was finished until then.
        """
        done = deque[Imported]()
        with ThreadPoolExecutor(1, "index") as executor:
            try:
                for _ in self._batches(catalogue, iter(photos), executor, done):
                    yield from _taken(done)
            except GeneratorExit:  # nobody listens any more
                raise
            except BaseException:
                executor.shutdown()  # once what it was given is finished
                yield from _taken(done)
                raise

    def _batches(
        self, catalogue: CatalogueId, source: Iterator[NewPhoto], executor: ThreadPoolExecutor, done: deque[Imported]
    ) -> Iterator[None]:
        """Bring one batch after the other in; there is something new in `done` at each step."""
        under_way: Future[None] | None = None
        while batch := list(islice(source, BATCH)):
            read = self._receive(catalogue, batch)
            following = executor.submit(self._finish, catalogue, read, done)
            if under_way is not None:
                under_way.result()
                yield
            under_way = following
        if under_way is not None:
            under_way.result()
            yield

    def _receive(self, catalogue: CatalogueId, batch: Sequence[NewPhoto]) -> list[_Read | Imported]:
        entries = self._described(catalogue, [self._read(photo) for photo in batch])
        read = [entry for entry in entries if isinstance(entry, _Read)]
        known = self.ledger.find_uploads(catalogue, [entry.upload for entry in read])
        fresh = {e.upload: e for e in read if e.upload not in known or not _settled(known[e.upload])}
        self._open(catalogue, [e for e in fresh.values() if e.upload not in known])
        self.photos.write_uploads(catalogue, {upload: entry.data for upload, entry in fresh.items()})
        mark_received(self.ledger, self.clock, list(self.ledger.find_uploads(catalogue, list(fresh)).values()))
        self.prepare([Pointer(catalogue, upload) for upload in fresh])
        return [_told_again(e, known) if isinstance(e, _Read) and e.upload not in fresh else e for e in entries]

    def _read(self, photo: NewPhoto) -> _Read | Imported:
        try:
            data = photo.content if isinstance(photo.content, bytes) else self._read_file(photo.content)
        except (OSError, ValueError) as error:
            return Imported(photo, None, str(error))
        return _Read(photo, data, UploadId.repeatable(photo.item.id, PhotoId.of(data)))

    def _read_file(self, path: Path) -> bytes:
        if path.stat().st_size > self.limits.max_bytes:
            raise ValueError(f"the file has {path.stat().st_size} bytes, at most {self.limits.max_bytes} are allowed")
        return path.read_bytes()

    def _described(self, catalogue: CatalogueId, entries: Sequence[_Read | Imported]) -> list[_Read | Imported]:
        """Write what the photos say of their items: whole descriptions first, then changes to them."""
        told = [entry.photo.item for entry in entries if isinstance(entry, _Read)]
        self.put_items(catalogue, [item for item in told if isinstance(item, Item)])
        unknown = self.update_items(catalogue, [patch for patch in told if isinstance(patch, ItemPatch)])
        return [_checked(entry, unknown) for entry in entries]

    def _open(self, catalogue: CatalogueId, entries: Sequence[_Read]) -> None:
        now = self.clock.now()
        self.ledger.open_many(
            [
                Upload(
                    id=entry.upload,
                    catalogue=catalogue,
                    content_type="application/octet-stream",
                    requested_at=now,
                    updated_at=now,
                    item=entry.photo.item.id,
                )
                for entry in entries
            ]
        )

    def _finish(self, catalogue: CatalogueId, entries: Sequence[_Read | Imported], done: deque[Imported]) -> None:
        uploads = [entry.upload for entry in entries if isinstance(entry, _Read)]
        standing = self.ledger.find_uploads(catalogue, uploads)
        ready = [u for u in standing.values() if u.status is UploadStatus.PREPARED]
        try:
            self.index([Pointer(catalogue, upload.id) for upload in ready])
        except Exception:
            done.extend(one for one in self._told(catalogue, entries) if one.upload is None or _settled(one.upload))
            raise
        done.extend(self._told(catalogue, entries))

    def _told(self, catalogue: CatalogueId, entries: Sequence[_Read | Imported]) -> list[Imported]:
        standing = self.ledger.find_uploads(catalogue, [e.upload for e in entries if isinstance(e, _Read)])
        return [_told(e, standing.get(e.upload)) if isinstance(e, _Read) else e for e in entries]


def _taken(done: deque[Imported]) -> Iterator[Imported]:
    while done:
        yield done.popleft()


def _settled(upload: Upload) -> bool:
    return upload.status in (UploadStatus.INDEXED, UploadStatus.REJECTED)


def _checked(entry: _Read | Imported, unknown: Sequence[ItemId]) -> _Read | Imported:
    if isinstance(entry, _Read) and entry.photo.item.id in unknown:
        return without_category(entry.photo)
    return entry


def _told_again(entry: _Read, known: dict[UploadId, Upload]) -> Imported:
    upload = known[entry.upload]
    return Imported(entry.photo, upload, upload.detail, already_there=upload.status is UploadStatus.INDEXED)


def _told(entry: _Read, upload: Upload | None) -> Imported:
    return Imported(entry.photo, upload, "its item was removed meanwhile" if upload is None else upload.detail)
