from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.errors import OVERLOADED, UNAVAILABLE, translated, translated_code
from lookalike.adapters.aws.object_key import PREPARED, QUERY_TAG, THUMBNAILS, UPLOADS, object_key
from lookalike.adapters.aws.parallel import chunks, in_parallel
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import InvalidRequestError, NotFoundError, PhotoRejectedError, Rejection, UnavailableError
from lookalike.ports.clock import Clock
from lookalike.ports.photo_store import UploadForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LONGEST_FORM: Final = timedelta(minutes=10)
_MOST_DELETED: Final = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_OCTETS: Final = "application/octet-stream"


class S3PhotoStore:
    """Objects in one private bucket; the catalogue is part of every key (`lookalike.adapters.aws.object_key`).

    S3 is durable and consistent: what was written is there and is what the next read sees.
    """

    def __init__(
        self, client: "S3Client", *, bucket: str, max_bytes: int, clock: Clock, backoff: Backoff | None = None
    ) -> None:
        """`max_bytes` is the largest original that is ever loaded: `lookalike.imaging.Limits.max_bytes`."""
        self._client = client
        self._bucket = bucket
        self._max_bytes = max_bytes
        self._clock = clock
        self._backoff = backoff or Backoff()

    def presign_upload(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form that lets its holder bring in exactly this upload's bytes: one key, one type, up to `max_bytes`.

        A photo to search with gets its tag, and the form holds with that tag alone. Made without asking AWS.

        Raises `InvalidRequestError` where it would hold for longer than ten minutes.
        """
        lifetime = expires_at - self._clock.now()
        if not timedelta(0) < lifetime <= LONGEST_FORM:
            raise InvalidRequestError("expires_at", f"must be within {LONGEST_FORM} from now, is {lifetime} away")
        fixed = {"Content-Type": upload.content_type, **({} if upload.item else {"tagging": _tagging(*QUERY_TAG)})}
        with translated():
            form = self._client.generate_presigned_post(
                self._bucket,
                object_key(UPLOADS, upload.catalogue, upload.id),
                Fields=dict(fixed),
                Conditions=[*({name: value} for name, value in fixed.items()), ["content-length-range", 0, max_bytes]],
                ExpiresIn=int(lifetime.total_seconds()),
            )
        return UploadForm(form["url"], form["fields"], max_bytes, expires_at)

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Store originals; durable when this returns."""
        self._write({object_key(UPLOADS, catalogue, id_): data for id_, data in originals.items()}, _OCTETS)

    def read_upload(self, catalogue: CatalogueId, upload: UploadId) -> bytes:
        """The original: the bytes that came in first. Raises `NotFoundError` where none have, or they were deleted.

        A form holds for minutes, and S3 lets whoever has it post other bytes over those that were looked at (a form,
        unlike PutObject, cannot ask for `If-None-Match`); what came later is a version that nobody reads.
        Raises `PhotoRejectedError` for one larger than any form allows, before it is loaded: whoever can write to the
        bucket past our forms must not fill our memory.
        """
        key = object_key(UPLOADS, catalogue, upload)
        return self._read(key, self._max_bytes, VersionId=self._first_version(key))

    def write_prepared(self, catalogue: CatalogueId, prepared: Mapping[PhotoId, bytes]) -> None:
        """Store prepared photos."""
        self._write({object_key(PREPARED, catalogue, id_): data for id_, data in prepared.items()}, _OCTETS)

    def read_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, bytes]:
        """The prepared photos there are; missing ones are left out."""
        different = list(dict.fromkeys(photos))
        found = in_parallel(lambda photo: self._read_if_there(object_key(PREPARED, catalogue, photo)), different)
        return {photo: data for photo, data in zip(different, found, strict=True) if data is not None}

    def write_thumbnails(self, catalogue: CatalogueId, thumbnails: Mapping[PhotoId, bytes]) -> None:
        """Store WebP thumbnails."""
        self._write({object_key(THUMBNAILS, catalogue, id_): data for id_, data in thumbnails.items()}, "image/webp")

    def read_thumbnail(self, catalogue: CatalogueId, photo: PhotoId) -> bytes:
        """One WebP thumbnail. Raises `NotFoundError`."""
        return self._read(object_key(THUMBNAILS, catalogue, photo))

    def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Forget originals; unknown ones are ignored."""
        self._delete([object_key(UPLOADS, catalogue, upload) for upload in uploads])

    def delete_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos but keep their thumbnails; unknown ones are ignored."""
        self._delete([object_key(PREPARED, catalogue, photo) for photo in photos])

    def delete_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos and thumbnails; unknown ones are ignored."""
        self._delete([object_key(kind, catalogue, photo) for kind in (PREPARED, THUMBNAILS) for photo in photos])

    def _write(self, objects: Mapping[str, bytes], content_type: str) -> None:
        in_parallel(lambda pair: self._put(*pair, content_type), objects.items())

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        with translated():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    def _first_version(self, key: str) -> str:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html: the newest of a key comes first.
        with translated():
            pages = list(self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key))
        if not all("Name" in page for page in pages):  # a body lost on its way reads like a list of nothing
            raise UnavailableError("AWS answered ListObjectVersions with no list")
        deleted = any(m["Key"] == key and m["IsLatest"] for page in pages for m in page.get("DeleteMarkers", []))
        versions = [v["VersionId"] for page in pages for v in page.get("Versions", []) if v["Key"] == key]
        if deleted or not versions:
            raise NotFoundError(f"there is no object {key}")
        return versions[-1]

    def _read(self, key: str, max_bytes: int | None = None, **version: Any) -> bytes:
        with translated():
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **version)
            # Not the body's own context manager: it gives the bare stream, whose length and checksum nobody verifies.
            with closing(answer["Body"]) as body:
                if max_bytes is not None and answer["ContentLength"] > max_bytes:
                    size = f"{answer['ContentLength']} bytes"
                    raise PhotoRejectedError(Rejection.TOO_MANY_BYTES, f"the photo has {size}, at most {max_bytes}")
                return body.read()

    def _read_if_there(self, key: str) -> bytes | None:
        try:
            return self._read(key)
        except NotFoundError:
            return None

    def _delete(self, keys: Sequence[str]) -> None:
        for some in chunks(list(dict.fromkeys(keys)), _MOST_DELETED):
            self._delete_some(some)

    def _delete_some(self, keys: Sequence[str]) -> None:
        left, last = keys, ""
        for _ in self._backoff.rounds():
            with translated():
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in left], "Quiet": True}
                )
            errors: list[Any] = list(answer.get("Errors", ()))
            if not errors:
                return
            for error in errors:
                last = str(error.get("Code", ""))
                if last not in OVERLOADED | UNAVAILABLE:
                    raise translated_code(last, f"AWS answered DeleteObjects with {last or 'an error'}")
            left = [error["Key"] for error in errors]
        raise UnavailableError(f"AWS answered DeleteObjects with {last} for {len(left)} objects")


def _tagging(key: str, value: str) -> str:
    # The field `tagging` of https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html takes XML.
    return f"<Tagging><TagSet><Tag><Key>{key}</Key><Value>{value}</Value></Tag></TagSet></Tagging>"
