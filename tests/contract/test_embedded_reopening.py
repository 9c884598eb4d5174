"""What a folder was told, it still knows when it opens again."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from lookalike.adapters.embedded.stores import Stores, open_stores
from lookalike.domain.filter import Filter
from lookalike.domain.upload import UploadStatus
from lookalike.errors import CatalogueLockedError, ForbiddenError, UnavailableError
from lookalike.ports.event_log import Event, EventKind
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing.examples import (
    MODEL,
    NOON,
    OTHER_SHOP,
    SHOP,
    a_photo,
    an_embedding,
    an_item,
    an_upload,
    item_id,
    photo_id,
    upload_id,
)

EVENT = Event(SHOP, EventKind.PHOTO_INDEXED, upload_id(1), NOON)


def fill(stores: Stores) -> None:
    stores.ledger.open_many([an_upload(1, item=item_id(1))])
    stores.ledger.advance_many([an_upload(1, item=item_id(1)).received(NOON)])
    stores.ledger.record_photos(SHOP, [a_photo(1)])
    stores.items.put_many(SHOP, [an_item(1, "colour:red"), an_item(2)])
    stores.items.attach_photos(SHOP, [(item_id(1), photo_id(1))])
    stores.photos.write_uploads(SHOP, {upload_id(1): b"bytes"})
    stores.photos.write_thumbnails(SHOP, {photo_id(1): b"small"})
    stores.events.append_many([EVENT])
    entries = [IndexEntry(item_id(n), photo_id(n), an_item(n).all_labels, an_embedding(n)) for n in range(50)]
    stores.index.upsert_many(SHOP, entries)
    stores.index.relabel_many(SHOP, [an_item(3, "colour:red")])
    stores.index.remove_items(SHOP, [item_id(4)])


def check(stores: Stores) -> None:
    assert stores.ledger.find_uploads(SHOP, [upload_id(1)])[upload_id(1)].status is UploadStatus.RECEIVED
    assert stores.ledger.find_photos(SHOP, [photo_id(1)]) == {photo_id(1): a_photo(1)}
    assert stores.items.get_many(SHOP, [item_id(1)])[item_id(1)].photos == (photo_id(1),)
    assert stores.items.count(SHOP) == (2, 1)
    assert stores.photos.read_upload(SHOP, upload_id(1)) == b"bytes"
    assert stores.photos.read_thumbnail(SHOP, photo_id(1)) == b"small"
    assert stores.events.tail(SHOP, 10) == [EVENT]
    queries = [
        VectorQuery(an_embedding(4), Filter(), 50),
        VectorQuery(an_embedding(7), Filter(), 1),
        VectorQuery(an_embedding(7), Filter.of(any_of=["colour:red"]), 50),
    ]
    everything, itself, red = stores.index.search_many(SHOP, queries)
    assert {hit.item for hit in everything} == {item_id(n) for n in range(50) if n != 4}
    assert itself[0].item == item_id(7)
    assert [hit.item for hit in red] == [item_id(3)]
    assert [generation.model for generation in stores.index.generations(SHOP)] == [MODEL]
    assert stores.index.generations(OTHER_SHOP) == ()


def test_a_folder_knows_everything_when_it_opens_again_and_again(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        fill(stores)
        check(stores)
    for _ in range(2):
        with closing(open_stores(tmp_path / "shop")) as stores:
            check(stores)


def test_a_folder_that_is_open_cannot_be_opened_twice(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        fill(stores)
        with pytest.raises(CatalogueLockedError):
            open_stores(tmp_path / "shop")
        check(stores)


def test_a_form_given_out_before_is_good_after_and_in_no_other_folder(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        form = stores.photos.presign_upload(an_upload(1), 1000, NOON)
    with closing(open_stores(tmp_path / "shop")) as stores:
        assert stores.forms.verify(form.fields, "image/jpeg", 10, NOON.replace(hour=11))
    with closing(open_stores(tmp_path / "other")) as stores, pytest.raises(ForbiddenError):
        stores.forms.verify(form.fields, "image/jpeg", 10, NOON.replace(hour=11))


def test_a_place_where_no_folder_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnavailableError, match="cannot be read or written"):
        open_stores(tmp_path / "file" / "shop")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="platform: root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    open_stores(tmp_path / "shop").close()
    (tmp_path / "shop").chmod(0o555)
    with pytest.raises(UnavailableError, match="Permission denied"):
        open_stores(tmp_path / "shop")
