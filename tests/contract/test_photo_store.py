from collections.abc import Callable
from datetime import timedelta

import pytest

from lookalike.domain.upload import UploadId
from lookalike.errors import NotFoundError
from lookalike.ports.photo_store import PhotoStore
from lookalike.testing.examples import NOON, OTHER_SHOP, SHOP, an_upload, photo_id, upload_id


def test_an_original_comes_back(photo_store: PhotoStore) -> None:
    originals = {upload_id(n): bytes([n]) * n for n in range(40)}
    photo_store.write_uploads(SHOP, originals)
    assert {upload: photo_store.read_upload(SHOP, upload) for upload in originals} == originals


def test_writing_again_replaces_the_bytes_whole(photo_store: PhotoStore) -> None:
    for data in (b"longer at first", b"then", b"then"):
        photo_store.write_uploads(SHOP, {upload_id(1): data})
        photo_store.write_prepared(SHOP, {photo_id(1): data})
        photo_store.write_thumbnails(SHOP, {photo_id(1): data})
    assert photo_store.read_upload(SHOP, upload_id(1)) == b"then"
    assert photo_store.read_prepared(SHOP, [photo_id(1)]) == {photo_id(1): b"then"}
    assert photo_store.read_thumbnail(SHOP, photo_id(1)) == b"then"


def test_what_has_not_arrived_is_not_found(photo_store: PhotoStore) -> None:
    with pytest.raises(NotFoundError):
        photo_store.read_upload(SHOP, upload_id(1))
    with pytest.raises(NotFoundError):
        photo_store.read_thumbnail(SHOP, photo_id(1))
    assert photo_store.read_prepared(SHOP, [photo_id(1)]) == {}


def test_ids_that_differ_in_case_alone_never_meet(photo_store: PhotoStore) -> None:
    upper, lower = UploadId("ABCDEFGHIJKLMNOP"), UploadId("abcdefghijklmnop")
    photo_store.write_uploads(SHOP, {upper: b"upper", lower: b"lower"})
    photo_store.delete_uploads(SHOP, [lower])
    assert photo_store.read_upload(SHOP, upper) == b"upper"


def test_prepared_photos_and_thumbnails_are_apart(photo_store: PhotoStore) -> None:
    photo_store.write_prepared(SHOP, {photo_id(n): b"pixels" for n in (1, 2)})
    photo_store.write_thumbnails(SHOP, {photo_id(1): b"small"})
    assert photo_store.read_prepared(SHOP, [photo_id(2), photo_id(3)]) == {photo_id(2): b"pixels"}
    for _ in range(2):
        photo_store.delete_prepared(SHOP, [photo_id(1), photo_id(3)])
    assert photo_store.read_prepared(SHOP, [photo_id(1)]) == {}
    assert photo_store.read_thumbnail(SHOP, photo_id(1)) == b"small"


def test_deleting_photos_takes_both(photo_store: PhotoStore) -> None:
    photo_store.write_prepared(SHOP, {photo_id(1): b"pixels"})
    photo_store.write_thumbnails(SHOP, {photo_id(1): b"small"})
    for _ in range(2):
        photo_store.delete_photos(SHOP, [photo_id(1), photo_id(2)])
    assert photo_store.read_prepared(SHOP, [photo_id(1)]) == {}
    with pytest.raises(NotFoundError):
        photo_store.read_thumbnail(SHOP, photo_id(1))


def test_deleted_originals_are_gone(photo_store: PhotoStore) -> None:
    photo_store.write_uploads(SHOP, {upload_id(1): b"bytes"})
    for _ in range(2):
        photo_store.delete_uploads(SHOP, [upload_id(1), upload_id(2)])
    with pytest.raises(NotFoundError):
        photo_store.read_upload(SHOP, upload_id(1))


@pytest.mark.parametrize(
    "intrude",
    [
        lambda store: store.read_upload(OTHER_SHOP, upload_id(1)),
        lambda store: store.read_thumbnail(OTHER_SHOP, photo_id(1)),
    ],
)
def test_another_catalogue_does_not_learn_that_it_exists(
    photo_store: PhotoStore, intrude: Callable[[PhotoStore], bytes]
) -> None:
    photo_store.write_uploads(SHOP, {upload_id(1): b"bytes"})
    photo_store.write_thumbnails(SHOP, {photo_id(1): b"small"})
    with pytest.raises(NotFoundError):
        intrude(photo_store)


def test_another_catalogue_can_change_nothing(photo_store: PhotoStore) -> None:
    photo_store.write_uploads(SHOP, {upload_id(1): b"bytes"})
    photo_store.write_prepared(SHOP, {photo_id(1): b"pixels"})
    photo_store.write_thumbnails(SHOP, {photo_id(1): b"small"})
    assert photo_store.read_prepared(OTHER_SHOP, [photo_id(1)]) == {}
    photo_store.write_uploads(OTHER_SHOP, {upload_id(1): b"theirs"})
    photo_store.write_prepared(OTHER_SHOP, {photo_id(1): b"theirs"})
    photo_store.write_thumbnails(OTHER_SHOP, {photo_id(1): b"theirs"})
    photo_store.delete_uploads(OTHER_SHOP, [upload_id(1)])
    photo_store.delete_photos(OTHER_SHOP, [photo_id(1)])
    assert photo_store.read_upload(SHOP, upload_id(1)) == b"bytes"
    assert photo_store.read_prepared(SHOP, [photo_id(1)]) == {photo_id(1): b"pixels"}
    assert photo_store.read_thumbnail(SHOP, photo_id(1)) == b"small"


def test_a_form_names_one_key_type_and_size(photo_store: PhotoStore) -> None:
    form = photo_store.presign_upload(an_upload(1), 1000, NOON + timedelta(minutes=10))
    assert form.fields["key"] == f"uploads/{SHOP}/{upload_id(1)}"
    assert form.fields["Content-Type"] == "image/jpeg"
    assert form.max_bytes == 1000
    assert form.expires_at == NOON + timedelta(minutes=10)
    assert form.url


def test_writing_nothing_is_fine(photo_store: PhotoStore) -> None:
    photo_store.write_uploads(SHOP, {})
    photo_store.write_prepared(SHOP, {})
    photo_store.write_thumbnails(SHOP, {})
    assert photo_store.read_prepared(SHOP, []) == {}
