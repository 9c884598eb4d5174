import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from lookalike.adapters.embedded.durable_file import (
    PARTIAL,
    make_folder,
    reported,
    seal,
    sync_folder,
    unseal,
    write_file,
)
from lookalike.adapters.embedded.upload_form import UploadForms
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import NotFoundError
from lookalike.ports.photo_store import UploadForm

_Done = TypeVar("_Done")

UPLOADS: Final = "uploads"
"""The folder of originals."""
_PREPARED: Final = "prepared"
_THUMBNAILS: Final = "thumbnails"
# Measured on ext4, files of 150 kB: 275 a second one after the other, 3,800 with four at a time (8: 2,700),
# as waiting for the disk overlaps.
_WRITERS: Final = 4


class FolderPhotoStore:
    """Files under ``<root>/c-<catalogue>/<kind>/<first two hex digits>/``.

    Originals are durable; prepared photos and thumbnails are written without waiting for the disk and count as
    missing where the power went first. Raises `UnavailableError` where the disk is full or fails. `resized` is told
    by how many bytes each call changed what is stored.
    """

    def __init__(
        self,
        root: Path,
        forms: UploadForms,
        *,
        read_only: bool = False,
        resized: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._root = root
        self._scratch = root / "incoming"
        self._resized = resized
        self.forms = forms
        if not read_only:
            make_folder(self._scratch)
            self._clear_scratch()

    def _clear_scratch(self) -> None:
        with reported(self._scratch):
            for left_over in self._scratch.glob(f"*{PARTIAL}"):  # of a process that was killed
                left_over.unlink(missing_ok=True)

    def presign_upload(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form that lets its holder bring in exactly this upload's bytes."""
        return self.forms.presign(upload, max_bytes, expires_at)

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Store originals; durable when this returns."""
        files = {self._upload_path(catalogue, upload): data for upload, data in originals.items()}
        folders = {path.parent for path in files}
        for folder in folders:
            make_folder(folder)
        grown = _in_parallel(lambda path: self._put(path, files[path], durable=True), files)
        _in_parallel(sync_folder, folders)
        self._resized(sum(grown))

    def read_upload(self, catalogue: CatalogueId, upload: UploadId) -> bytes:
        """The original. Raises `NotFoundError` where no bytes have arrived."""
        data = _read(self._upload_path(catalogue, upload))
        if data is None:
            raise NotFoundError(f"no bytes have arrived for upload {upload}")
        return data

    def write_prepared(self, catalogue: CatalogueId, prepared: Mapping[PhotoId, bytes]) -> None:
        """Store prepared photos."""
        self._write_photos(catalogue, _PREPARED, prepared)

    def read_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, bytes]:
        """The prepared photos there are; missing ones are left out."""
        found = ((photo, self._read_photo(catalogue, _PREPARED, photo)) for photo in photos)
        return {photo: data for photo, data in found if data is not None}

    def write_thumbnails(self, catalogue: CatalogueId, thumbnails: Mapping[PhotoId, bytes]) -> None:
        """Store WebP thumbnails."""
        self._write_photos(catalogue, _THUMBNAILS, thumbnails)

    def read_thumbnail(self, catalogue: CatalogueId, photo: PhotoId) -> bytes:
        """One WebP thumbnail. Raises `NotFoundError`."""
        data = self._read_photo(catalogue, _THUMBNAILS, photo)
        if data is None:
            raise NotFoundError(f"no thumbnail of photo {photo}")
        return data

    def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Forget originals; unknown ones are ignored."""
        self._delete(self._upload_path(catalogue, upload) for upload in uploads)

    def delete_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos but keep their thumbnails; unknown ones are ignored."""
        self._delete(self._path(catalogue, _PREPARED, photo) for photo in photos)

    def delete_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos and thumbnails; unknown ones are ignored."""
        self.delete_prepared(catalogue, photos)
        self._delete(self._path(catalogue, _THUMBNAILS, photo) for photo in photos)

    def find_strays(
        self, catalogue: CatalogueId, uploads: Iterable[UploadId], photos: Iterable[PhotoId]
    ) -> Iterator[Path]:
        """The files of a catalogue that are neither these uploads' originals nor of these photos."""
        hashed = {self._upload_path(catalogue, upload).name for upload in uploads}
        for kind, known in ((UPLOADS, hashed), (_PREPARED, set(photos)), (_THUMBNAILS, set(photos))):
            files = (self._root / f"c-{catalogue}" / kind).glob("*/*")
            yield from (path for path in files if path.name not in known and path.is_file())

    def _write_photos(self, catalogue: CatalogueId, kind: str, photos: Mapping[PhotoId, bytes]) -> None:
        grown = 0
        for photo, data in photos.items():
            path = self._path(catalogue, kind, photo)
            with reported(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            grown += self._put(path, seal(data), durable=False)
        self._resized(grown)

    def _put(self, path: Path, data: bytes, *, durable: bool) -> int:
        before = size_of(path)
        write_file(path, data, scratch=self._scratch, durable=durable)
        return len(data) - before

    def _delete(self, paths: Iterable[Path]) -> None:
        freed = 0
        for path in paths:
            size = size_of(path)
            with reported(path):
                path.unlink(missing_ok=True)
            freed += size
        if freed:
            self._resized(-freed)

    def _read_photo(self, catalogue: CatalogueId, kind: str, photo: PhotoId) -> bytes | None:
        sealed = _read(self._path(catalogue, kind, photo))
        return None if sealed is None else unseal(sealed)

    def _upload_path(self, catalogue: CatalogueId, upload: UploadId) -> Path:
        # Hashed, for two ids may differ in case alone, and most file systems of Windows and macOS do not tell.
        return self._path(catalogue, UPLOADS, hashlib.sha256(upload.encode()).hexdigest())

    def _path(self, catalogue: CatalogueId, kind: str, digest: str) -> Path:
        # "c-", for Windows has no folder called "con" or "nul".
        return self._root / f"c-{catalogue}" / kind / digest[:2] / digest


class MemoryPhotoStore:
    """Bytes in dictionaries, gone with the process."""

    def __init__(self, forms: UploadForms) -> None:
        self.forms = forms
        self.uploads: dict[tuple[CatalogueId, UploadId], bytes] = {}
        self.prepared: dict[tuple[CatalogueId, PhotoId], bytes] = {}
        self.thumbnails: dict[tuple[CatalogueId, PhotoId], bytes] = {}

    def presign_upload(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form that lets its holder bring in exactly this upload's bytes."""
        return self.forms.presign(upload, max_bytes, expires_at)

    def write_uploads(self, catalogue: CatalogueId, originals: Mapping[UploadId, bytes]) -> None:
        """Store originals."""
        self.uploads.update({(catalogue, upload): data for upload, data in originals.items()})

    def read_upload(self, catalogue: CatalogueId, upload: UploadId) -> bytes:
        """The original. Raises `NotFoundError` where no bytes have arrived."""
        if (data := self.uploads.get((catalogue, upload))) is None:
            raise NotFoundError(f"no bytes have arrived for upload {upload}")
        return data

    def write_prepared(self, catalogue: CatalogueId, prepared: Mapping[PhotoId, bytes]) -> None:
        """Store prepared photos."""
        self.prepared.update({(catalogue, photo): data for photo, data in prepared.items()})

    def read_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, bytes]:
        """The prepared photos there are; missing ones are left out."""
        found = ((photo, self.prepared.get((catalogue, photo))) for photo in photos)
        return {photo: data for photo, data in found if data is not None}

    def write_thumbnails(self, catalogue: CatalogueId, thumbnails: Mapping[PhotoId, bytes]) -> None:
        """Store WebP thumbnails."""
        self.thumbnails.update({(catalogue, photo): data for photo, data in thumbnails.items()})

    def read_thumbnail(self, catalogue: CatalogueId, photo: PhotoId) -> bytes:
        """One WebP thumbnail. Raises `NotFoundError`."""
        if (data := self.thumbnails.get((catalogue, photo))) is None:
            raise NotFoundError(f"no thumbnail of photo {photo}")
        return data

    def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Forget originals; unknown ones are ignored."""
        for upload in uploads:
            self.uploads.pop((catalogue, upload), None)

    def delete_prepared(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos but keep their thumbnails; unknown ones are ignored."""
        for photo in photos:
            self.prepared.pop((catalogue, photo), None)

    def delete_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Forget prepared photos and thumbnails; unknown ones are ignored."""
        self.delete_prepared(catalogue, photos)
        for photo in photos:
            self.thumbnails.pop((catalogue, photo), None)


def bytes_in(folder: Path) -> int:
    """The size of all files in a folder and below; reads every name."""
    with reported(folder):
        return sum(size_of(path) for path in folder.rglob("*") if path.is_file())


def _in_parallel(action: Callable[[Path], _Done], paths: Iterable[Path]) -> list[_Done]:
    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(action, paths))


def size_of(path: Path) -> int:
    """A file's size; 0 where there is none."""
    with reported(path):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0


def _read(path: Path) -> bytes | None:
    with reported(path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
