import os
import stat
from pathlib import Path

import pytest

from lookalike.adapters.embedded.photo_store import FolderPhotoStore
from lookalike.adapters.embedded.upload_form import UploadForms
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import NotFoundError, UnavailableError
from lookalike.testing.examples import SHOP, photo_id, upload_id

FORMS = UploadForms(b"0" * 32)


@pytest.fixture
def store(tmp_path: Path) -> FolderPhotoStore:
    return FolderPhotoStore(tmp_path / "photos", FORMS)


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_it_opens_again_with_everything(store: FolderPhotoStore, tmp_path: Path) -> None:
    store.write_uploads(SHOP, {upload_id(1): b"bytes"})
    store.write_prepared(SHOP, {photo_id(1): b"pixels"})
    store.write_thumbnails(SHOP, {photo_id(1): b"small"})
    for read_only in (False, True):
        again = FolderPhotoStore(tmp_path / "photos", FORMS, read_only=read_only)
        assert again.read_upload(SHOP, upload_id(1)) == b"bytes"
        assert again.read_prepared(SHOP, [photo_id(1)]) == {photo_id(1): b"pixels"}
        assert again.read_thumbnail(SHOP, photo_id(1)) == b"small"


def test_reading_only_makes_no_folder(tmp_path: Path) -> None:
    store = FolderPhotoStore(tmp_path / "photos", FORMS, read_only=True)
    with pytest.raises(NotFoundError):
        store.read_upload(SHOP, upload_id(1))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_half_written_is_cleared_at_the_next_opening(tmp_path: Path) -> None:
    store = FolderPhotoStore(tmp_path / "photos", FORMS)
    store.write_uploads(SHOP, {upload_id(1): b"bytes"})
    left_over = tmp_path / "photos" / "incoming" / "0123.part"
    left_over.write_bytes(b"half of a pho")
    FolderPhotoStore(tmp_path / "photos", FORMS, read_only=True)
    assert left_over.exists()
    FolderPhotoStore(tmp_path / "photos", FORMS)
    assert not left_over.exists()
    assert store.read_upload(SHOP, upload_id(1)) == b"bytes"


def test_nothing_half_written_stays_after_a_write_or_a_failed_one(store: FolderPhotoStore, tmp_path: Path) -> None:
    store.write_uploads(SHOP, {upload_id(n): b"bytes" for n in range(10)})
    target = files(tmp_path)[0]
    target.unlink()
    target.mkdir()  # so that the move into place fails
    with pytest.raises(UnavailableError):
        store.write_uploads(SHOP, {upload_id(n): b"bytes" for n in range(10)})
    assert [path for path in files(tmp_path) if path.suffix == ".part"] == []


@pytest.mark.parametrize("kept", [0, 3, 100])
def test_prepared_photos_that_the_power_cut_short_count_as_missing(
    store: FolderPhotoStore, tmp_path: Path, kept: int
) -> None:
    store.write_prepared(SHOP, {photo_id(1): b"p" * 1000})
    store.write_thumbnails(SHOP, {photo_id(1): b"t" * 1000})
    for path in files(tmp_path):
        os.truncate(path, kept)
    assert store.read_prepared(SHOP, [photo_id(1)]) == {}
    with pytest.raises(NotFoundError):
        store.read_thumbnail(SHOP, photo_id(1))
    store.write_prepared(SHOP, {photo_id(1): b"again"})
    assert store.read_prepared(SHOP, [photo_id(1)]) == {photo_id(1): b"again"}


def test_no_two_names_differ_in_case_alone_or_lead_out_of_the_root(store: FolderPhotoStore, tmp_path: Path) -> None:
    ids = [UploadId(text) for text in ("A" * 16, "a" * 16, "aA" * 8, "-" * 16, "_" * 64, "CON-CON-CON-CON-")]
    for catalogue in map(CatalogueId, ("con", "nul", "a", "x" * 63)):
        store.write_uploads(catalogue, {upload: upload.encode() for upload in ids})
        assert [store.read_upload(catalogue, upload) for upload in ids] == [upload.encode() for upload in ids]
    paths = [path.relative_to(tmp_path / "photos") for path in files(tmp_path)]
    assert len(paths) == len({str(path).lower() for path in paths}) == 4 * len(ids)
    reserved = {"con", "nul", "aux", "prn"}
    assert not any(part.split(".")[0].lower() in reserved for path in paths for part in path.parts)


def test_no_folder_holds_more_than_a_share(store: FolderPhotoStore, tmp_path: Path) -> None:
    store.write_prepared(SHOP, {photo_id(n): b"" for n in range(2000)})
    folders = {path.parent for path in files(tmp_path)}
    assert len(folders) == 256
    assert max(len(list(folder.iterdir())) for folder in folders) < 40


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="platform: root may write everywhere")
def test_a_folder_that_cannot_be_written_is_unavailable(store: FolderPhotoStore, tmp_path: Path) -> None:
    (tmp_path / "photos" / "incoming").chmod(stat.S_IRUSR)
    with pytest.raises(UnavailableError):
        store.write_uploads(SHOP, {upload_id(1): b"bytes"})


def test_a_file_in_the_way_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "photos").write_bytes(b"")
    with pytest.raises(UnavailableError):
        FolderPhotoStore(tmp_path / "photos", FORMS)
