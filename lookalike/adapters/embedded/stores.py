import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from lookalike.adapters.embedded.clock import SystemClock
from lookalike.adapters.embedded.counters import Counters
from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.durable_file import reported
from lookalike.adapters.embedded.event_log import SqliteEventLog
from lookalike.adapters.embedded.folder_lock import FolderLock
from lookalike.adapters.embedded.item_store import SqliteItemStore
from lookalike.adapters.embedded.ledger import SqliteLedger
from lookalike.adapters.embedded.photo_store import FolderPhotoStore, MemoryPhotoStore, bytes_in, size_of
from lookalike.adapters.embedded.upload_form import KEY_FILE, UploadForms, load_secret
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.adapters.embedded.work_queue import InProcessWorkQueue
from lookalike.errors import CatalogueDamagedError, InvalidRequestError, NotFoundError
from lookalike.ports.clock import Clock
from lookalike.ports.photo_store import PhotoStore

DATABASE: Final = "catalogue.sqlite3"
PHOTO_BYTES: Final = "photo_bytes"
"""The counter of what all files of photos hold."""
_BEFORE_IT: Final = frozenset({"lock", "lock.pid"})  # all that a kill in the very first moment can leave
_AFTER_TABLES: Final = ("photos", "index", KEY_FILE)  # made once the database holds its first tables


@dataclass(frozen=True, slots=True)
class Stores:
    """Every place an embedded catalogue keeps something; `folder` is None for one in memory."""

    folder: Path | None
    database: Database
    ledger: SqliteLedger
    items: SqliteItemStore
    photos: PhotoStore
    forms: UploadForms
    index: EmbeddedVectorIndex
    events: SqliteEventLog
    received: InProcessWorkQueue
    to_embed: InProcessWorkQueue
    clock: Clock
    counters: Counters
    _open: ExitStack

    def bytes_on_disk(self) -> int:
        """What the catalogue's files hold, told without looking at any photo's; 0 in memory."""
        if self.folder is None:
            return 0
        beside = sum(size_of(path) for path in self.folder.iterdir() if path.is_file())
        return beside + bytes_in(self.folder / "index") + self.counters.get(PHOTO_BYTES)

    def close(self) -> None:
        """Let go of files and locks; closing twice is fine."""
        self._open.close()


def open_stores(folder: Path | None, *, create: bool = True, clock: Clock | None = None) -> Stores:
    """Open, or make where `create` allows, the stores of a catalogue; `clock` is the machine's where None.

    Raises `NotFoundError` where there is no catalogue and none may be made, `InvalidRequestError` for a folder that
    holds something else, `CatalogueLockedError` where another process has it open, `CatalogueDamagedError` where the
    database is empty beside photos, `UnavailableError` where the disk is full, fails, or may not be written.
    """
    with ExitStack() as opening:
        if folder is not None:
            _check_folder(folder, create)
            opening.callback(FolderLock(folder).release)
        database = Database(None if folder is None else folder / DATABASE)
        opening.callback(database.close)
        if folder is not None and _is_used(folder) and not database.has_schemas():
            raise _empty(folder)
        counters = Counters(database)
        clock = clock or SystemClock()
        index = EmbeddedVectorIndex(database, None if folder is None else folder / "index", clock)
        opening.callback(index.close)
        received, to_embed = InProcessWorkQueue(), InProcessWorkQueue()
        opening.callback(received.close)
        opening.callback(to_embed.close)
        photos = _photo_store(folder, counters)
        return Stores(
            folder=folder,
            database=database,
            ledger=SqliteLedger(database),
            items=SqliteItemStore(database),
            photos=photos,
            forms=photos.forms,
            index=index,
            events=SqliteEventLog(database),
            received=received,
            to_embed=to_embed,
            clock=clock,
            counters=counters,
            _open=opening.pop_all(),
        )


def _check_folder(folder: Path, create: bool) -> None:
    with reported(folder):
        if (folder / DATABASE).is_file():
            # Before SQLite opens it: it would take it for a new one and delete the log beside it.
            if _is_used(folder) and not size_of(folder / DATABASE):
                raise _empty(folder)
            return
        if not create:
            raise NotFoundError(f"there is no catalogue at {folder}: `lookalike import` makes one")
        if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - _BEFORE_IT):
            raise InvalidRequestError("catalogue", f"{folder} holds something else than a catalogue")
        folder.mkdir(parents=True, exist_ok=True)


def _is_used(folder: Path) -> bool:
    return any((folder / name).exists() for name in _AFTER_TABLES)


def _empty(folder: Path) -> CatalogueDamagedError:
    return CatalogueDamagedError(f"{folder / DATABASE} is empty: bring it back from a copy")


def _photo_store(folder: Path | None, counters: Counters) -> FolderPhotoStore | MemoryPhotoStore:
    if folder is None:
        return MemoryPhotoStore(UploadForms(secrets.token_bytes(32)))
    forms, root = UploadForms(load_secret(folder / KEY_FILE)), folder / "photos"
    if not counters.is_known(PHOTO_BYTES):  # new, or of a version that did not count
        counters.set(PHOTO_BYTES, bytes_in(root))
    return FolderPhotoStore(root, forms, resized=partial(counters.add, PHOTO_BYTES))
