"""The whole product in one process: the services over a folder or memory, the model and the index beside them."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from lookalike.adapters.embedded.background import Background, Periodic
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.embedding_cache import LruEmbeddingCache
from lookalike.adapters.embedded.folder_checks import check_database, check_index_files, check_strays_and_counts
from lookalike.adapters.embedded.model_file import find_model
from lookalike.adapters.embedded.stores import Stores, open_stores
from lookalike.adapters.embedded.worker import Worker
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.damage import Damage, Outcome
from lookalike.domain.item import Item, ItemId, ItemPatch, photo_pairs
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.plain import all_are, must_be, whole
from lookalike.domain.query import Query
from lookalike.domain.upload import UploadStatus
from lookalike.errors import CatalogueDamagedError, NotFoundError
from lookalike.imaging.limits import Limits
from lookalike.ports.catalogue import MOST_LISTED, Imported, NewPhoto, each_new_photo
from lookalike.ports.embedder import Embedder
from lookalike.ports.work_queue import AT_ONCE, Pointer, WorkQueue
from lookalike.services.check_photos import CheckPhotos
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.expire_uploads import ExpireUploads
from lookalike.services.find_similar import FindSimilar
from lookalike.services.import_photos import ImportPhotos
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.memory_budget import MemoryBudget
from lookalike.services.prepare_photos import PreparePhotos
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.receive_uploads import ReceiveUploads
from lookalike.services.reconcile_index import ReconcileIndex
from lookalike.services.remove_items import RemoveItems, RemovePhotos
from lookalike.services.request_upload import RequestUpload
from lookalike.services.resolve_subject import ResolveSubject

THE_CATALOGUE: Final = CatalogueId("default")
"""A folder holds one catalogue; this is its name in keys and tokens."""
_DECODE_MEMORY: Final = 250_000_000
"""Bytes for all decodes together. What needs more has the budget to itself: a WebP of 25 megapixels takes 310 MB.

Beside them are the model and the index (140 to 230 MB with 60 photos), and the bytes of photos on their way.
"""
_PREPARED_AT_ONCE: Final = 4
"""Uploads of one batch, all of whose bytes are in memory: 20 MB each at most."""
_BACKLOG: Final = 100_000
_EXPIRE_SECONDS: Final = 600.0
_OPEN_SECONDS: Final = 60.0  # until the next try, where the index cannot be opened


def open_embedded(folder: Path | None, *, create: bool = True, model: Path | None = None) -> "EmbeddedCatalogue":
    """Open the catalogue in `folder`, or a new one in memory, with the model shipped or the one given.

    Raises what `open_stores` raises, `NotFoundError` where there is no model.
    """
    stores = open_stores(folder, create=create)
    try:
        return EmbeddedCatalogue(stores, OnnxEmbedder(model or find_model()))
    except BaseException:
        stores.close()
        raise


class _NoQueue:
    """Where an import's prepared photos are handed on to: it indexes its batches itself."""

    def send_many(self, pointers: Sequence[Pointer], *, delay: timedelta = AT_ONCE) -> None:
        """Nothing to do."""


class EmbeddedCatalogue:
    """`lookalike.ports.catalogue.Catalogue` in this process; its parts and services are open to hosts such as HTTP."""

    def __init__(self, stores: Stores, embedder: Embedder, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        self.id = THE_CATALOGUE
        self.stores = stores
        self.limits = limits
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, "prepare")
        self._workers: list[Background] = []
        s = stores
        self.embed = EmbedPhotos(embedder, LruEmbeddingCache())
        self.memory = MemoryBudget(_DECODE_MEMORY)
        self.resolve = ResolveSubject(s.ledger, s.photos, s.items, s.index, self.embed, limits, self.memory)
        self.find_similar = FindSimilar(self.resolve, s.index, s.items, s.ledger)
        self.request_upload = RequestUpload(s.ledger, s.photos, s.items, s.clock, limits)
        self.receive_uploads = ReceiveUploads(s.ledger, s.photos, s.received, s.clock)
        self.prepare_photos = self._prepare_into(s.to_embed)
        self.index_photos = IndexPhotos(
            ledger=s.ledger,
            photos=s.photos,
            items=s.items,
            embed=self.embed,
            claim=ClaimPhotos(s.ledger, s.clock, timedelta(days=1)),
            index=s.index,
            received=s.received,
            to_embed=s.to_embed,
            events=s.events,
            clock=s.clock,
            keep_prepared=False,
        )
        self.put_items_service = PutItems(s.items, s.index)
        self.update_items_service = UpdateItems(s.items, s.index)
        self.remove_items_service = RemoveItems(s.ledger, s.photos, s.items, s.index, s.events, s.clock)
        self.remove_photos_service = RemovePhotos(s.ledger, s.photos, s.items, s.index, s.events, s.clock)
        self.expire_uploads = ExpireUploads(s.ledger, s.photos, s.clock)

    def _prepare_into(self, queue: WorkQueue) -> PreparePhotos:
        s, size = self.stores, self.embed.embedder.facts.input_size
        spread = self._pool.map
        return PreparePhotos(
            s.ledger,
            s.photos,
            s.items,
            queue,
            s.events,
            s.clock,
            self.limits,
            size,
            spread,
            self.memory,
            self.resolve.seen,
        )

    def start_workers(self, expire_seconds: float = _EXPIRE_SECONDS) -> None:
        """Begin to work on uploads as they come in, first on those that an earlier process left unfinished.

        What has expired is forgotten now and every `expire_seconds`.
        """
        s = self.stores
        self._workers = [
            Worker("prepare", s.received, self.prepare_photos, _PREPARED_AT_ONCE),
            Worker("embed", s.to_embed, self.index_photos),
            Periodic("expire", partial(self.expire_uploads, self.id), expire_seconds),
            Periodic("open-index", lambda _: s.index.open(self.id), _OPEN_SECONDS),
        ]
        s.received.send_many(self._unfinished(UploadStatus.RECEIVED, UploadStatus.FAILED))
        s.to_embed.send_many(self._unfinished(UploadStatus.PREPARED))
        for worker in self._workers:
            worker.start()

    def _unfinished(self, *statuses: UploadStatus) -> list[Pointer]:
        uploads = self.stores.ledger.uploads_in(self.id, statuses, _BACKLOG)
        return [Pointer(self.id, upload.id) for upload in uploads if not upload.is_final]

    def put_items(self, items: Sequence[Item]) -> None:
        """Insert or replace descriptions; photos stay, filters see the new labels when this returns."""
        self.put_items_service(self.id, all_are(Item, "items", items))

    def update_items(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Change parts of descriptions; returns the ids that are not there and were not made."""
        return self.update_items_service(self.id, all_are(ItemPatch, "items", patches))

    def get_item(self, item: ItemId) -> Item:
        """One item. Raises `NotFoundError`."""
        wanted = ItemId(item)
        found = self.stores.items.get_many(self.id, [wanted])
        if wanted not in found:
            raise NotFoundError(f"no item {wanted}")
        return found[wanted]

    def list_items(self, after: ItemId | None = None, limit: int = 100) -> list[Item]:
        """Up to `limit` (≤ 1,000) items in the order of their ids, starting behind `after`."""
        behind = None if after is None else ItemId(after)
        return self.stores.items.page(self.id, behind, whole("limit", limit, 1, MOST_LISTED))

    def remove_items(self, items: Sequence[ItemId]) -> list[ItemId]:
        """Delete items with their photos; returns the ids of those that were there."""
        return self.remove_items_service(self.id, items)

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]:
        """Take single photos out of items, and their bytes where they show no other; returns those that were there."""
        return self.remove_photos_service(self.id, photo_pairs(photos))

    def import_photos(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """Bring photos in, in batches; what is yielded as `indexed` is durable and findable."""
        s = self.stores
        prepare = self._prepare_into(_NoQueue())
        put, update = self.put_items_service, self.update_items_service
        bring_in = ImportPhotos(s.ledger, s.photos, put, update, prepare, self.index_photos, s.clock, self.limits)
        return bring_in(self.id, each_new_photo(photos))

    def search(self, query: Query) -> SearchResult:
        """The items most like the subject. Raises `PhotoRejectedError`, `NotFoundError`, `InvalidRequestError`."""
        must_be(Query, "query", query)
        return self.find_similar(self.id, query)

    def thumbnail(self, photo: PhotoId) -> bytes:
        """A WebP picture, its longest side 256 pixels. Raises `NotFoundError`."""
        return self.stores.photos.read_thumbnail(self.id, PhotoId(photo))

    def status(self) -> CatalogueStatus:
        """What there is."""
        items, photos = self.stores.items.count(self.id)
        uploads = {str(status): count for status, count in self.stores.ledger.count_uploads(self.id).items()}
        generations = self.stores.index.generations(self.id)
        return CatalogueStatus(self.id, items, photos, uploads, generations, self.stores.bytes_on_disk())

    def check(self) -> None:
        """Raises `CatalogueDamagedError` where something is known to be damaged.

        Quick, whatever the size: once workers are started, entries are looked at in the background.
        """
        if damaged := self.stores.index.known_damage(self.id):
            raise CatalogueDamagedError(f"{len(damaged)} entries of the index are damaged: run `lookalike doctor`")

    def examine(self, *, repair: bool = False) -> Iterator[Damage]:
        """Look at everything there is and tell what is damaged, having repaired it if asked.

        To be called on a catalogue that was just opened and that nobody else uses. A run that is cut short is
        finished by the next; where all is sound nothing is changed.
        """
        s = self.stores
        photos = CheckPhotos(s.ledger, s.photos, s.items, self.embed, s.clock, self.limits)
        rows = list(check_database(s, self.id, repair=repair))
        yield from rows
        if rows and not repair:
            return  # the rest would be compared with what cannot be read
        yield from check_index_files(s, self.id, repair=repair)
        damaged = self._damaged_entries()
        reconcile = ReconcileIndex(s.items, s.index, photos.embed_again)
        yield from reconcile(self.id, repair=repair, damaged=damaged)
        yield from self._stuck(repair=repair)
        yield from photos(self.id, repair=repair)
        yield from check_strays_and_counts(s, self.id, repair=repair)

    def _damaged_entries(self) -> frozenset[tuple[ItemId, PhotoId]]:
        try:
            return frozenset(self.stores.index.find_damage(self.id))
        except CatalogueDamagedError:  # the file is too short: told already, and found row by row once it is filled
            return frozenset()

    def _stuck(self, *, repair: bool) -> Iterator[Damage]:
        """Uploads of items that were not brought to their end; repaired by working on them.

        Those of which there is nothing to say but that they wait are one line together.
        """
        stuck = self._unfinished(UploadStatus.RECEIVED, UploadStatus.FAILED, UploadStatus.PREPARED)
        ids = [pointer.upload for pointer in stuck]
        if repair and stuck:
            self.prepare_photos(stuck)
            self.index_photos(stuck)
        uploads = self.stores.ledger.find_uploads(self.id, ids).values()
        for upload in (one for one in uploads if one.detail):
            yield Damage("upload", upload.id, f"is {upload.status}: {upload.detail}", _repaired(upload.is_final))
        for is_final, count in Counter(upload.is_final for upload in uploads if not upload.detail).items():
            yield Damage("upload", f"{count:,} waiting", "an import was cut short: run it again", _repaired(is_final))

    def close(self) -> None:
        """Finish what is under way and let go; closing twice is fine."""
        for worker in self._workers:
            worker.stop()
        self._workers = []
        self._pool.shutdown()
        self.stores.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _repaired(is_final: bool) -> Outcome:
    return Outcome.REPAIRED if is_final else Outcome.FOUND
