# ruff: noqa: S608 - only this file's constants are put into statements; values always travel as parameters
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from lookalike.adapters.embedded.claims import InProcessClaims
from lookalike.adapters.embedded.counters import Counters, KeptCount
from lookalike.adapters.embedded.database import Database, Row, json_list
from lookalike.adapters.embedded.forgotten import ForgottenUploads
from lookalike.adapters.instant import from_micros, to_micros
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import Rejection
from lookalike.ports.ledger import Claim

UPLOADS: Final = KeptCount("uploads", "uploads", "catalogue", part="status")
_SCHEMA: Final = (
    """
    CREATE TABLE uploads (
        catalogue TEXT NOT NULL, id TEXT NOT NULL, content_type TEXT NOT NULL,
        requested_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,  -- microseconds since 1970
        item TEXT, status TEXT NOT NULL, photo TEXT, rejection TEXT, detail TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (catalogue, id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX uploads_by_status ON uploads (catalogue, status, updated_at)",
    "CREATE INDEX uploads_by_item ON uploads (catalogue, item)",
    """
    CREATE TABLE photos (
        catalogue TEXT NOT NULL, id TEXT NOT NULL, media_type TEXT NOT NULL, byte_count INTEGER NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL,
        perceptual_hash BLOB NOT NULL,  -- 8 bytes, big-endian: SQLite has no unsigned 64-bit integers
        PRIMARY KEY (catalogue, id)
    ) WITHOUT ROWID
    """,
    *UPLOADS.schema,
    "CREATE INDEX uploads_of_shoppers ON uploads (catalogue, status, updated_at, id) WHERE item IS NULL",
)
_UPLOAD: Final = (
    "id, catalogue, content_type, requested_at, updated_at, item, status, photo, rejection, detail, version"
)
_PHOTO: Final = "id, media_type, byte_count, width, height, perceptual_hash"


class SqliteLedger:
    """Uploads and photos as rows; in memory what concerns one process alone, for no more have a catalogue open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counters = Counters(database)
        database.migrate("ledger", _SCHEMA)
        self._claims = InProcessClaims()
        self._forgotten = ForgottenUploads()

    def open_many(self, uploads: Sequence[Upload]) -> None:
        """Record new uploads; one whose id is already there keeps its present record."""
        statement = f"INSERT INTO uploads ({_UPLOAD}) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
        self._database.execute_many(statement, map(_from_upload, uploads))

    def find_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> dict[UploadId, Upload]:
        """The uploads there are; missing and other catalogues' ones are left out."""
        found = self._uploads("catalogue = ? AND id IN (SELECT value FROM json_each(?))", catalogue, json_list(uploads))
        return {upload.id: upload for upload in found}

    def advance_many(self, uploads: Sequence[Upload]) -> list[UploadId]:
        """Replace each record whose stored version is exactly one less; returns the ids that were refused."""
        with self._database.transaction():
            return [upload.id for upload in uploads if not self._advance(upload)]

    def _advance(self, upload: Upload) -> bool:
        statement = (
            f"UPDATE uploads SET ({_UPLOAD}) = (?,?,?,?,?,?,?,?,?,?,?) WHERE catalogue = ? AND id = ? AND version = ?"
        )
        key = (upload.catalogue, upload.id, upload.version - 1)
        return self._database.execute(statement, (*_from_upload(upload), *key)) == 1

    def uploads_in(
        self, catalogue: CatalogueId, statuses: Collection[UploadStatus], limit: int, *, without_item: bool = False
    ) -> list[Upload]:
        """Up to `limit` uploads in these states, the longest untouched first."""
        index, item = ("uploads_of_shoppers", "AND item IS NULL ") if without_item else ("uploads_by_status", "")
        # One state at a time, for then the index has the order and what is behind `limit` is not read.
        condition = f"catalogue = ? AND status = ? {item}ORDER BY updated_at, id LIMIT ?"
        found = [self._uploads(condition, catalogue, status, limit, index=index) for status in set(statuses)]
        return sorted(chain(*found), key=lambda upload: (upload.updated_at, upload.id))[:limit]

    def uploads_of_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Upload]:
        """Every upload made for these items."""
        condition = "catalogue = ? AND item IN (SELECT value FROM json_each(?))"
        return self._uploads(condition, catalogue, json_list(items), index="uploads_by_item")

    def _uploads(self, condition: str, *parameters: str | int, index: str | None = None) -> list[Upload]:
        # Named, for SQLite takes a catalogue to be small and would read all of it.
        source = f"uploads INDEXED BY {index}" if index else "uploads"
        rows = self._database.query(f"SELECT {_UPLOAD} FROM {source} WHERE {condition}", parameters)
        return list(map(_to_upload, rows))

    def forget_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId], at: datetime) -> None:
        """Delete records, for good; unknown ones are ignored."""
        del at  # messages do not outlive this process either
        with self._database.transaction():
            self._forgotten.add(catalogue, uploads)
            statement = "DELETE FROM uploads WHERE catalogue = ? AND id = ?"
            self._database.execute_many(statement, ((catalogue, upload) for upload in uploads))

    def find_forgotten(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> set[UploadId]:
        """Those that this process forgot and that were not opened again."""
        return self._forgotten.among(catalogue, uploads) - set(self.find_uploads(catalogue, uploads))

    def count_uploads(self, catalogue: CatalogueId) -> dict[UploadStatus, int]:
        """How many uploads are in each state; states without any are left out."""
        return {UploadStatus(status): n for status, n in self._counters.parts(UPLOADS.name, catalogue).items()}

    def record_photos(self, catalogue: CatalogueId, photos: Sequence[Photo]) -> None:
        """Remember photos; recording one again changes nothing."""
        statement = f"INSERT INTO photos (catalogue, {_PHOTO}) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
        self._database.execute_many(statement, ((catalogue, *_from_photo(photo)) for photo in photos))

    def find_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """The photos that are known; others are left out."""
        statement = f"SELECT {_PHOTO} FROM photos WHERE catalogue = ? AND id IN (SELECT value FROM json_each(?))"
        rows = self._database.query(statement, (catalogue, json_list(photos)))
        return {photo.id: photo for photo in map(_to_photo, rows)}

    def forget_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Delete photo records; unknown ones are ignored."""
        statement = "DELETE FROM photos WHERE catalogue = ? AND id = ?"
        self._database.execute_many(statement, ((catalogue, photo) for photo in photos))

    def known_names(self, catalogue: CatalogueId) -> tuple[set[UploadId], set[PhotoId]]:
        """Every upload and every photo there is a record of."""
        uploads = self._database.query("SELECT id FROM uploads WHERE catalogue = ?", (catalogue,))
        photos = self._database.query("SELECT id FROM photos WHERE catalogue = ?", (catalogue,))
        return {UploadId(one) for (one,) in uploads}, {PhotoId(one) for (one,) in photos}

    def claim_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claim: Claim) -> list[PhotoId]:
        """Claim photos; those that no other claimant has."""
        return self._claims.claim(catalogue, photos, claim)

    def release_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claimant: str) -> None:
        """End this claimant's claims."""
        self._claims.release(catalogue, photos, claimant)


def _from_upload(upload: Upload) -> Row:
    moments = (to_micros(upload.requested_at), to_micros(upload.updated_at))
    detail = upload.detail.encode(errors="backslashreplace").decode()  # it may quote the name of any file
    state = (upload.item, upload.status, upload.photo, upload.rejection, detail, upload.version)
    return (upload.id, upload.catalogue, upload.content_type, *moments, *state)


def _to_upload(row: Row) -> Upload:
    upload, catalogue, content_type, requested_at, updated_at, item, status, photo, rejection, detail, version = row
    return Upload(
        id=UploadId(upload),
        catalogue=CatalogueId(catalogue),
        content_type=content_type,
        requested_at=from_micros(requested_at),
        updated_at=from_micros(updated_at),
        item=item and ItemId.stored(item),
        status=UploadStatus(status),
        photo=photo and PhotoId.stored(photo),
        rejection=rejection and Rejection(rejection),
        detail=detail,
        version=version,
    )


def _from_photo(photo: Photo) -> Row:
    look = photo.perceptual_hash.to_bytes(8, "big")
    return (photo.id, photo.media_type, photo.byte_count, photo.width, photo.height, look)


def _to_photo(row: Row) -> Photo:
    photo, media_type, byte_count, width, height, look = row
    return Photo(PhotoId(photo), media_type, byte_count, width, height, int.from_bytes(look, "big"))
