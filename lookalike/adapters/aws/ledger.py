from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.correlation import Correlate, correlation_of
from lookalike.adapters.aws.dynamo_table import DynamoTable
from lookalike.adapters.aws.parallel import in_parallel
from lookalike.adapters.aws.row import Row
from lookalike.adapters.aws.tables import BY_ITEM, BY_STATUS, PHOTOS, UPLOADS, all_shards, joined, shard_of
from lookalike.adapters.aws.write import update
from lookalike.adapters.instant import from_micros, to_micros
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import Rejection
from lookalike.ports.ledger import Claim
from lookalike.ports.work_queue import Pointer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXPIRY: Final = timedelta(days=7)
"""When an upload that nobody will ask for again goes by itself. `lookalike.services.ExpireUploads` comes after a day
and takes its photos with it; this is the net below it, for a record alone."""
REMEMBERED: Final = timedelta(days=15)
"""How long a forgotten upload leaves its key: a message about it can be in a queue for 14 days.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
_NEVER_PASSING: Final = frozenset({UploadStatus.INDEXED, UploadStatus.FAILED})


class DynamoLedger:
    """Uploads and photos as rows; `lookalike.adapters.aws.tables` says how each question is answered.

    What is found by state, by item or by counting comes through an index that lags behind writes by
    milliseconds; records themselves are always read consistently.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        uploads: str,
        photos: str,
        correlate: Correlate = correlation_of,
        backoff: Backoff | None = None,
    ) -> None:
        """`uploads` and `photos` are the tables' names; `correlate` is asked once an upload, when it is opened."""
        backoff = backoff or Backoff()
        self._uploads = DynamoTable(client, UPLOADS, uploads, backoff)
        self._photos = DynamoTable(client, PHOTOS, photos, backoff)
        self._correlate = correlate

    def open_many(self, uploads: Sequence[Upload]) -> None:
        """Record new uploads; one whose id is already there keeps its present record."""
        rows = [(upload, self._correlate(Pointer(upload.catalogue, upload.id)) or None) for upload in uploads]
        in_parallel(lambda pair: self._open(*pair), rows)

    def find_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> dict[UploadId, Upload]:
        """The uploads there are; missing and other catalogues' ones are left out."""
        found = self._read([_key(catalogue, upload) for upload in uploads])
        return {upload.id: upload for upload in found}

    def find_correlations(self, pointers: Sequence[Pointer]) -> dict[Pointer, str]:
        """Under which correlation ids these uploads were opened; those without one are left out."""
        keys = [_key(pointer.catalogue, pointer.upload) for pointer in pointers]
        rows = self._uploads.get_many(keys, "catalogue", "id", "correlation")
        return {
            Pointer(CatalogueId(row["catalogue"]), UploadId(row["id"])): row["correlation"]
            for row in rows
            if "correlation" in row
        }

    def advance_many(self, uploads: Sequence[Upload]) -> list[UploadId]:
        """Replace each record whose stored version is exactly one less; returns the ids that were refused.

        One whose first answer was lost on the way is sent again by botocore, and then counts as refused although
        its record stands: like every refusal, it asks to be read again.
        """
        moved = in_parallel(self._advance, uploads)
        return [upload.id for upload, done in zip(uploads, moved, strict=True) if not done]

    def uploads_in(
        self, catalogue: CatalogueId, statuses: Collection[UploadStatus], limit: int, *, without_item: bool = False
    ) -> list[Upload]:
        """Up to `limit` uploads in these states, the longest untouched first.

        The index knows no items: `without_item` reads every upload in these states.
        """
        most = None if without_item else limit
        shards = [shard for status in statuses for shard in all_shards(catalogue, status)]
        found = in_parallel(lambda shard: list(self._uploads.query(shard, index=BY_STATUS, most=most)), shards)
        oldest = sorted(chain(*found), key=lambda row: row["updated_at"])[:most]
        uploads = [u for u in self._read(oldest) if u.status in statuses and not (without_item and u.item)]
        return sorted(uploads, key=lambda u: (u.updated_at, u.id))[:limit]

    def uploads_of_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Upload]:
        """Every upload made for these items."""
        keys = [joined(catalogue, item) for item in dict.fromkeys(items)]
        found = in_parallel(lambda key: list(self._uploads.query(key, index=BY_ITEM)), keys)
        return self._read(chain(*found))

    def forget_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId], at: datetime) -> None:
        """Write over records, for good, with rows that have a key and nothing else, and go by themselves."""
        until = int((at + REMEMBERED).timestamp())
        self._uploads.put_many([{**_key(catalogue, upload), "expires_at": until} for upload in uploads])

    def find_forgotten(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> set[UploadId]:
        """Those that were forgotten in the last `REMEMBERED` and not opened again."""
        upload_of = {joined(catalogue, upload): upload for upload in uploads}
        found = self._uploads.get_many([{"key": key} for key in upload_of])
        return {upload_of[row["key"]] for row in found if _is_forgotten(row)}

    def count_uploads(self, catalogue: CatalogueId) -> dict[UploadStatus, int]:
        """How many uploads are in each state that has any.

        Read page by page, seconds for millions, from an index that lags by milliseconds: for operators, not shoppers.
        """
        places = [(status, shard) for status in UploadStatus for shard in all_shards(catalogue, status)]
        counts = in_parallel(lambda place: self._uploads.count(place[1], index=BY_STATUS), places)
        totals: Counter[UploadStatus] = Counter()
        for (status, _), count in zip(places, counts, strict=True):
            totals[status] += count
        return {status: total for status, total in totals.items() if total}

    def record_photos(self, catalogue: CatalogueId, photos: Sequence[Photo]) -> None:
        """Remember photos; recording one again changes nothing, for its facts follow from its bytes."""
        self._photos.put_many([_from_photo(catalogue, photo) for photo in photos])

    def find_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """The photos that are known; others are left out."""
        found = self._photos.get_many([_key(catalogue, photo) for photo in photos])
        return {photo.id: photo for photo in map(_to_photo, found)}

    def forget_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Delete photo records; unknown ones are ignored."""
        self._photos.delete_many([_key(catalogue, photo) for photo in photos])

    def claim_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claim: Claim) -> list[PhotoId]:
        """Claim photos; those that no other claimant has. One conditional write each."""
        different = list(dict.fromkeys(photos))
        got = in_parallel(lambda photo: self._claim(_claim_key(catalogue, photo), claim), different)
        return [photo for photo, is_ours in zip(different, got, strict=True) if is_ours]

    def release_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claimant: str) -> None:
        """End this claimant's claims; their rows go by themselves."""
        over = update({"claimant": claimant, "until": 0}, condition="#claimant = :claimant")
        in_parallel(lambda photo: self._photos.change(_claim_key(catalogue, photo), over), list(dict.fromkeys(photos)))

    def _claim(self, key: Row, claim: Claim) -> bool:
        row = {
            "claimant": claim.claimant,
            "until": to_micros(claim.until),
            "expires_at": int(claim.until.timestamp()) + 1,
        }
        free = "attribute_not_exists(#claimant) OR #claimant = :claimant OR #until <= :at"
        return self._photos.change(key, update(row, condition=free, values={"at": to_micros(claim.at)}))

    def _open(self, upload: Upload, correlation: str | None) -> bool:
        row = _from_upload(upload) | {"correlation": correlation}
        return self._uploads.change(
            _key(upload.catalogue, upload.id), update(row, condition="attribute_not_exists(#id)")
        )

    def _advance(self, upload: Upload) -> bool:
        expected = {"expected": upload.version - 1}
        change = update(_from_upload(upload), condition="#version = :expected", values=expected)
        return self._uploads.change(_key(upload.catalogue, upload.id), change)

    def _read(self, keys: Iterable[Row]) -> list[Upload]:
        found = self._uploads.get_many([{"key": row["key"]} for row in keys])
        return [_to_upload(row) for row in found if not _is_forgotten(row)]


def _key(catalogue: CatalogueId, name: str) -> Row:
    return {"key": joined(catalogue, name)}


def _claim_key(catalogue: CatalogueId, photo: PhotoId) -> Row:
    # A row of its own: writing a photo's facts again must not end a claim.
    return {"key": joined(catalogue, photo, "claim")}


def _from_upload(upload: Upload) -> Row:
    return {
        "catalogue": upload.catalogue,
        "id": upload.id,
        "content_type": upload.content_type,
        "requested_at": to_micros(upload.requested_at),
        "updated_at": to_micros(upload.updated_at),
        "item": upload.item,
        "status": upload.status,
        "photo": upload.photo,
        "rejection": upload.rejection,
        "detail": upload.detail.encode(errors="backslashreplace").decode(),  # it may quote the name of any file
        "version": upload.version,
        "item_key": upload.item and joined(upload.catalogue, upload.item),
        "status_shard": joined(upload.catalogue, upload.status, shard_of(upload.id)),
        "expires_at": _expiry(upload),
    }


def _is_forgotten(row: Row) -> bool:
    return "id" not in row


def _expiry(upload: Upload) -> int | None:
    passing = upload.item is None or upload.status is UploadStatus.REQUESTED
    if not passing or upload.status in _NEVER_PASSING:
        return None
    return int((upload.updated_at + EXPIRY).timestamp())


def _to_upload(row: Row) -> Upload:
    return Upload(
        id=UploadId(row["id"]),
        catalogue=CatalogueId(row["catalogue"]),
        content_type=row["content_type"],
        requested_at=from_micros(int(row["requested_at"])),
        updated_at=from_micros(int(row["updated_at"])),
        item=_or_none(row, "item", ItemId.stored),
        status=UploadStatus(row["status"]),
        photo=_or_none(row, "photo", PhotoId.stored),
        rejection=_or_none(row, "rejection", Rejection),
        detail=row["detail"],
        version=int(row["version"]),
    )


def _or_none(row: Row, name: str, kind: Any) -> Any:
    return kind(row[name]) if name in row else None


def _from_photo(catalogue: CatalogueId, photo: Photo) -> Row:
    return _key(catalogue, photo.id) | {
        "id": photo.id,
        "media_type": photo.media_type,
        "byte_count": photo.byte_count,
        "width": photo.width,
        "height": photo.height,
        "perceptual_hash": photo.perceptual_hash,
    }


def _to_photo(row: Row) -> Photo:
    return Photo(
        id=PhotoId(row["id"]),
        media_type=row["media_type"],
        byte_count=int(row["byte_count"]),
        width=int(row["width"]),
        height=int(row["height"]),
        perceptual_hash=int(row["perceptual_hash"]),
    )
