"""What `status` tells is counted as it changes, and telling it costs the same however much there is."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.adapters.embedded.counters import Counters
from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.index.records import ENTRIES
from lookalike.adapters.embedded.item_store import ITEMS, PHOTOS
from lookalike.adapters.embedded.ledger import UPLOADS
from lookalike.adapters.embedded.photo_store import bytes_in
from lookalike.adapters.embedded.stores import DATABASE, PHOTO_BYTES, Stores, open_stores
from lookalike.domain.upload import UploadStatus
from lookalike.embedded import THE_CATALOGUE, EmbeddedCatalogue
from lookalike.ports.vector_index import IndexEntry
from lookalike.testing import FakeEmbedder
from lookalike.testing.examples import (
    NOON,
    OTHER_SHOP,
    SHOP,
    an_embedding,
    an_item,
    an_upload,
    item_id,
    photo_id,
    upload_id,
)

KEPT = (ITEMS, PHOTOS, UPLOADS, ENTRIES)
NUMBERS = st.lists(st.integers(0, 6), max_size=4)


def put(stores: Stores, numbers: list[int]) -> None:
    stores.items.put_many(SHOP, [an_item(n) for n in numbers])
    stores.items.put_many(OTHER_SHOP, [an_item(n) for n in numbers])
    stores.items.attach_photos(SHOP, [(item_id(n), photo_id(p)) for n in numbers for p in (n, n // 2)])


def remove(stores: Stores, numbers: list[int]) -> None:
    stores.items.remove_many(SHOP, [item_id(n) for n in numbers])


def enter(stores: Stores, numbers: list[int]) -> None:
    entries = [
        IndexEntry(item_id(n), photo_id(n), an_item(n).all_labels, an_embedding(n + len(numbers))) for n in numbers
    ]
    stores.index.upsert_many(SHOP, entries)


def leave(stores: Stores, numbers: list[int]) -> None:
    stores.index.remove_items(SHOP, [item_id(n) for n in numbers])


def ask(stores: Stores, numbers: list[int]) -> None:
    stores.ledger.open_many([an_upload(n) for n in numbers])
    stores.ledger.advance_many([an_upload(n).received(NOON) for n in numbers if n % 2])


def forget(stores: Stores, numbers: list[int]) -> None:
    stores.ledger.forget_uploads(SHOP, [upload_id(n) for n in numbers], NOON)


ACTIONS = (put, remove, enter, leave, ask, forget)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), NUMBERS), max_size=12))
def test_counts_are_what_counting_anew_gives(steps: list) -> None:  # type: ignore[type-arg]
    with closing(open_stores(None)) as stores:
        for action, numbers in steps:
            action(stores, numbers)
        assert [kept.name for kept in KEPT if not stores.counters.is_right(kept)] == []


def test_a_wrong_count_is_noticed_and_counted_anew(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        put(stores, [1, 2])
        with closing(Database(tmp_path / "shop" / DATABASE)) as database:
            database.execute("UPDATE counters SET value = 7 WHERE name = 'items'")
        assert not stores.counters.is_right(ITEMS)
        stores.counters.recount(ITEMS)
        assert stores.counters.is_right(ITEMS)
        assert stores.items.count(SHOP) == (2, 3)


def test_bytes_of_photos_are_those_on_the_disk(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        stores.photos.write_uploads(SHOP, {upload_id(n): b"original" * n for n in range(5)})
        stores.photos.write_uploads(SHOP, {upload_id(1): b"longer than before"})
        stores.photos.write_prepared(SHOP, {photo_id(n): b"seen" * 50 for n in range(3)})
        stores.photos.write_thumbnails(SHOP, {photo_id(n): b"small" for n in range(3)})
        stores.photos.delete_uploads(SHOP, [upload_id(2), upload_id(99)])
        stores.photos.delete_prepared(SHOP, [photo_id(0)])
        stores.photos.delete_photos(SHOP, [photo_id(1), photo_id(1)])
        assert stores.counters.get(PHOTO_BYTES) == bytes_in(tmp_path / "shop" / "photos") > 0
        assert stores.bytes_on_disk() == bytes_in(tmp_path / "shop")


def test_a_folder_of_a_version_that_did_not_count_is_counted_once(tmp_path: Path) -> None:
    with closing(open_stores(tmp_path / "shop")) as stores:
        put(stores, [1, 2, 3])
        ask(stores, [1, 2])
        enter(stores, [1])
        stores.photos.write_uploads(SHOP, {upload_id(1): b"original"})
        sizes = stores.counters.get(PHOTO_BYTES)
    with closing(Database(tmp_path / "shop" / DATABASE)) as database:
        for kept in KEPT:
            for event in ("added", "removed", "moved"):
                database.execute(f"DROP TRIGGER IF EXISTS {kept.name}_{event}")
        database.execute("DROP TABLE counters")
        database.execute("DROP INDEX uploads_of_shoppers")
        database.execute("ALTER TABLE index_entries DROP COLUMN crc32")
        database.execute("DELETE FROM schemas WHERE name = 'counters'")
        before = [("item_store", 3), ("ledger", 4), ("vector_index", 8)]
        database.execute_many("UPDATE schemas SET version = ?2 WHERE name = ?1", before)
    with closing(open_stores(tmp_path / "shop")) as stores:
        assert stores.items.count(SHOP) == (3, 4)
        assert stores.ledger.count_uploads(SHOP) == {UploadStatus.RECEIVED: 1, UploadStatus.REQUESTED: 1}
        assert [generation.entries for generation in stores.index.generations(SHOP)] == [1]
        assert stores.counters.get(PHOTO_BYTES) == sizes


@pytest.fixture
def listed() -> Iterator[list[str]]:
    """The folders whose names were read so far."""
    names: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("os.listdir", "os.scandir"):
            names.append(str(arguments[0]))

    sys.addaudithook(watch)
    yield names
    watching = False


@contextmanager
def steps_of(database: Database) -> Iterator[list[int]]:
    counted = [0]

    def step() -> int:
        counted[0] += 1
        return 0

    assert database._connection is not None
    database._connection.set_progress_handler(step, 1)
    yield counted
    database._connection.set_progress_handler(None, 1)


def test_status_costs_the_same_at_100_and_at_10_000_photos(tmp_path: Path, listed: list[str]) -> None:
    with EmbeddedCatalogue(open_stores(tmp_path / "shop"), FakeEmbedder()) as catalogue:
        costs = []
        for numbers in (range(100), range(100, 10_000)):
            stores = catalogue.stores
            stores.items.put_many(THE_CATALOGUE, [an_item(n) for n in numbers])
            stores.items.attach_photos(THE_CATALOGUE, [(item_id(n), photo_id(n)) for n in numbers])
            stores.photos.write_thumbnails(THE_CATALOGUE, {photo_id(n): b"" for n in numbers[:300]})
            listed.clear()
            with steps_of(stores.items._database) as steps:
                found = catalogue.status()
            assert found.photos == found.items == numbers[-1] + 1
            costs.append((steps[0], list(listed)))
        assert costs[0] == costs[1]
        assert not [folder for folder in listed if "photos" in folder]


def test_counters_of_one_name_do_not_mix(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "one.sqlite3")) as database:
        counters = Counters(database)
        assert not counters.is_known("bytes")
        counters.add("bytes", 5)
        counters.add("bytes", -2)
        counters.add("others", 1)
        assert (counters.get("bytes"), counters.get("others"), counters.get("none")) == (3, 1, 0)
