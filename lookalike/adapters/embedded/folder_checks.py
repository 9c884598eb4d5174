# ruff: noqa: S608 - only this file's constants are put into statements; values always travel as parameters
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.durable_file import make_folder, reported
from lookalike.adapters.embedded.folder_lock import FolderLock
from lookalike.adapters.embedded.index.records import ENTRIES
from lookalike.adapters.embedded.item_store import ITEMS, PHOTOS
from lookalike.adapters.embedded.ledger import UPLOADS
from lookalike.adapters.embedded.photo_store import UPLOADS as ORIGINALS
from lookalike.adapters.embedded.photo_store import FolderPhotoStore, bytes_in
from lookalike.adapters.embedded.stores import DATABASE, PHOTO_BYTES, Stores
from lookalike.adapters.embedded.upload_form import KEY_FILE, drop_bad_secret
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.damage import Damage, Outcome
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import InvalidRequestError

_NAMING_ITEMS: Final = (("uploads", "item"), ("index_entries", "item"))
_STRAYS: Final = "strays"
_KEPT: Final = (ITEMS, PHOTOS, UPLOADS, ENTRIES)


def repair_secret(folder: Path) -> Iterator[Damage]:
    """Let the opening make a new key for upload forms where the folder's is none; to be asked before it is opened.

    Raises `CatalogueLockedError` where another process has the folder open.
    """
    if not (folder / DATABASE).is_file():
        return
    lock = FolderLock(folder)
    try:
        dropped = drop_bad_secret(folder / KEY_FILE)
    finally:
        lock.release()
    if dropped:
        yield Damage("secret", KEY_FILE, "was no key: forms given out before no longer hold", Outcome.REPAIRED)


def check_database(stores: Stores, catalogue: CatalogueId, *, repair: bool) -> Iterator[Damage]:
    """What is wrong with the database's file and rows; to be asked before anything is read through the ports.

    Rows that are no items by the present rules are told whole and deleted, for they cannot be shown.
    """
    for problem in stores.database.check():
        yield Damage("database", "catalogue.sqlite3", f"{problem}: bring it back from a copy")
    refused = stores.items.find_refused(catalogue) | _refused_names(stores.database)
    if repair:
        for table, column in (("items", "id"), *_NAMING_ITEMS):
            statement = f"DELETE FROM {table} WHERE {column} = ?"
            stores.database.execute_many(statement, ((item,) for item in refused))
    for item, row in refused.items():
        outcome = Outcome.LOST if repair else Outcome.FOUND
        yield Damage("item", item, f"is no item by the present rules: {row}", outcome)


def _refused_names(database: Database) -> dict[str, str]:
    """Names of items that other tables hold and that are none by the present rules."""
    told: dict[str, str] = {}
    for table, column in _NAMING_ITEMS:
        for (item,) in database.query(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"):
            try:
                ItemId(item)
            except InvalidRequestError as error:
                told[item] = f"in {table}: {error}"
    return told


def check_index_files(stores: Stores, catalogue: CatalogueId, *, repair: bool) -> Iterator[Damage]:
    """What is wrong with the index's files; to be asked before the index is used."""
    outcome = Outcome.REPAIRED if repair else Outcome.FOUND
    problems = stores.index.check_files(catalogue, repair=repair)
    yield from (Damage("index", "index", problem, outcome) for problem in problems)


def check_strays_and_counts(stores: Stores, catalogue: CatalogueId, *, repair: bool) -> Iterator[Damage]:
    """Files of photos that nothing leads to, and counts that are not what counting gives; to be asked last.

    An original that nothing leads to is moved aside, never deleted: the database may be an older copy.
    """
    outcome = Outcome.REPAIRED if repair else Outcome.FOUND
    photos, counters = stores.photos, stores.counters
    if isinstance(photos, FolderPhotoStore) and stores.folder is not None:
        uploads, known = stores.ledger.known_names(catalogue)
        for path in photos.find_strays(catalogue, uploads, known | _shown(stores.database, catalogue)):
            place = str(path.relative_to(stores.folder))
            yield Damage("stray", place, _clear(path, stores.folder, repair=repair), outcome)
        found, counted = bytes_in(stores.folder / "photos"), counters.get(PHOTO_BYTES)
        if found != counted:
            if repair:
                counters.set(PHOTO_BYTES, found)
            yield Damage("count", PHOTO_BYTES, f"was counted as {counted:,} bytes, is {found:,}", outcome)
    for kept in _KEPT:
        if not counters.is_right(kept):
            if repair:
                counters.recount(kept)
            yield Damage("count", kept.name, "was not what there is", outcome)


def _shown(database: Database, catalogue: CatalogueId) -> set[PhotoId]:
    rows = database.query("SELECT DISTINCT photo FROM item_photos WHERE catalogue = ?", (catalogue,))
    return {PhotoId.stored(photo) for (photo,) in rows}


def _clear(path: Path, folder: Path, *, repair: bool) -> str:
    """Remove a file that nothing leads to, or move it aside where it is an original; what there is to say of it."""
    told, strays = "belongs to no upload and no photo", folder / _STRAYS
    if path.parent.parent.name != ORIGINALS:
        if repair:
            path.unlink(missing_ok=True)
        return told
    if not repair:
        return f"{told}: --repair moves it to {strays}"
    make_folder(strays)
    with reported(path):
        # Named by its bytes, so that it takes no other's place; an import looks at the bytes, whatever the ending.
        kept = path.replace(strays / f"{PhotoId.of(path.read_bytes())}.jpg")
    return f"{told}: moved to {kept}; `lookalike import {strays}` brings it in again"
