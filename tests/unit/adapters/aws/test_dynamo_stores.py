import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lookalike.adapters.aws.correlation import carrying, correlation_of
from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import EXPIRY, REMEMBERED, DynamoLedger
from lookalike.adapters.aws.tables import EVENTS, ITEM_PHOTOS, ITEMS, PHOTOS, UPLOADS
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import OverloadedError, Rejection
from lookalike.ports.event_log import Event, EventKind
from lookalike.ports.ledger import Claim
from lookalike.ports.work_queue import Pointer
from lookalike.services.expire_uploads import LIFETIME
from lookalike.testing.examples import NOON, OTHER_SHOP, SHOP, an_item, an_upload, item_id, photo_id, upload_id
from tests.contract.aws_adapters import EmulatedAws

LATER = NOON + timedelta(hours=1)
RECEIVED = an_upload(1).received(LATER)


def rows(aws: EmulatedAws, table: str) -> list[dict[str, Any]]:
    return list(aws.dynamodb.scan(TableName=table)["Items"])


@pytest.mark.parametrize(
    ("upload", "expires"),
    [
        (an_upload(1), True),
        (an_upload(1, item=item_id(1)), True),
        (RECEIVED, True),
        (RECEIVED.prepared(photo_id(1), LATER), True),
        (RECEIVED.rejected(Rejection.CORRUPT, "", LATER), True),
        (RECEIVED.failed("", LATER), False),
        (an_upload(1, item=item_id(1)).received(LATER), False),
        (an_upload(1, item=item_id(1)).received(LATER).rejected(Rejection.CORRUPT, "", LATER), False),
    ],
    ids=lambda value: f"{value.status}, {value.item}" if isinstance(value, Upload) else str(value),
)
def test_only_uploads_that_pass_carry_an_expiry(aws: EmulatedAws, upload: Upload, *, expires: bool) -> None:
    table = aws.table(UPLOADS)
    ledger = DynamoLedger(aws.dynamodb, uploads=table, photos="unused")
    ledger.open_many([replace(upload, status=UploadStatus.REQUESTED, version=upload.version - 1)])
    assert ledger.advance_many([upload]) == []
    (row,) = rows(aws, table)
    assert ("expires_at" in row) is expires
    if expires:
        assert int(row["expires_at"]["N"]) == int((upload.updated_at + EXPIRY).timestamp())


def test_of_a_forgotten_upload_its_key_stays_for_longer_than_any_message(aws: EmulatedAws) -> None:
    table = aws.table(UPLOADS)
    ledger = DynamoLedger(aws.dynamodb, uploads=table, photos="unused")
    ledger.open_many([an_upload(1, item=item_id(1))])
    ledger.forget_uploads(SHOP, [upload_id(1)], LATER)
    (row,) = rows(aws, table)
    assert row == {
        "key": {"S": f"{SHOP}/{upload_id(1)}"},
        "expires_at": {"N": str(int((LATER + REMEMBERED).timestamp()))},
    }
    assert timedelta(days=14) < REMEMBERED


def test_a_claim_goes_by_itself_once_it_is_over(aws: EmulatedAws) -> None:
    table = aws.table(PHOTOS)
    ledger = DynamoLedger(aws.dynamodb, uploads="unused", photos=table)
    ledger.claim_photos(SHOP, [photo_id(1)], Claim("me", NOON, LATER))
    (row,) = rows(aws, table)
    assert int(row["expires_at"]["N"]) >= LATER.timestamp()


def test_records_go_by_themselves_only_long_after_their_photos_should_have_gone() -> None:
    assert timedelta(days=2) < EXPIRY - LIFETIME


def test_an_upload_keeps_the_correlation_id_it_was_opened_under(aws: EmulatedAws) -> None:
    ledger = aws.ledger()
    first, second = (Pointer(SHOP, upload_id(n)) for n in (1, 2))
    with carrying({}, otherwise="request-1"):
        ledger.open_many([an_upload(1)])
    ledger.open_many([an_upload(2)])
    with carrying({first: "another"}):
        ledger.advance_many([RECEIVED])
        assert correlation_of(first) == "another"
    assert correlation_of(first) == ""
    known = ledger.find_correlations([first, second, Pointer(OTHER_SHOP, upload_id(1))])
    assert known == {first: "request-1"}


def test_uploads_of_one_state_are_found_oldest_first_across_shards(aws: EmulatedAws) -> None:
    ledger = aws.ledger()
    ledger.open_many([an_upload(n) for n in range(40)])
    assert [u.id for u in ledger.uploads_in(SHOP, {UploadStatus.REQUESTED}, 15)] == [upload_id(n) for n in range(15)]


def agree(aws: EmulatedAws, items: str, ties: str) -> int:
    """Check that items' lists and the rows of ties say the same; how many ties there are."""
    listed = {(row["id"]["S"], photo["S"]) for row in rows(aws, items) for photo in row["photos"]["L"]}
    tied = {(row["item"]["S"], row["photo"]["S"]) for row in rows(aws, ties)}
    assert listed == tied
    return len(tied)


def test_items_and_ties_agree_whoever_races(aws: EmulatedAws) -> None:
    tables = aws.table(ITEMS), aws.table(ITEM_PHOTOS)
    store = DynamoItemStore(aws.dynamodb, items=tables[0], item_photos=tables[1])
    store.put_many(SHOP, [an_item(1), an_item(2)])
    start = threading.Barrier(4)

    def patiently(write: Callable[[CatalogueId, Any], object], what: list[Any]) -> None:
        """Who meets others too often is told to come again, and does, as callers do."""
        for _ in range(10):
            with suppress(OverloadedError):
                write(SHOP, what)
                return
        write(SHOP, what)

    def attach(racer: int) -> None:
        start.wait()
        for n in range(8):
            patiently(store.attach_photos, [(item_id(i), photo_id(10 * racer + n)) for i in (1, 2)])

    def remove(_: int) -> None:
        start.wait()
        for _ in range(3):
            patiently(store.remove_many, [item_id(1)])
            patiently(store.put_many, [an_item(1)])

    with ThreadPoolExecutor(4) as pool:
        for race in [pool.submit(attach, 0), pool.submit(attach, 1), pool.submit(attach, 1), pool.submit(remove, 0)]:
            race.result()
    agree(aws, *tables)
    untouched = store.get_many(SHOP, [item_id(2)])[item_id(2)]
    assert set(untouched.photos) == {photo_id(10 * racer + n) for racer in (0, 1) for n in range(8)}


def test_an_item_of_more_photos_than_a_transaction_takes(aws: EmulatedAws) -> None:
    tables = aws.table(ITEMS), aws.table(ITEM_PHOTOS)
    store = DynamoItemStore(aws.dynamodb, items=tables[0], item_photos=tables[1])
    photos = tuple(photo_id(n) for n in range(230))
    store.put_many(SHOP, [an_item(1)])
    store.attach_photos(SHOP, [(item_id(1), photo) for photo in photos])
    assert store.get_many(SHOP, [item_id(1)])[item_id(1)].photos == photos
    assert agree(aws, *tables) == 230
    assert store.count(SHOP) == (1, 230)
    assert store.remove_many(SHOP, [item_id(1)]) == [replace(an_item(1), photos=photos)]
    assert agree(aws, *tables) == 0
    assert rows(aws, tables[0]) == []


def test_an_event_appended_again_stands_once(aws: EmulatedAws) -> None:
    log = DynamoEventLog(aws.dynamodb, events=aws.table(EVENTS))
    event = Event(SHOP, EventKind.PHOTO_INDEXED, upload_id(1), NOON)
    log.append_many([event, event])
    log.append_many([event])
    assert log.tail(SHOP, 10) == [event]


def test_every_key_names_the_catalogue(aws: EmulatedAws) -> None:
    names = {table: aws.table(table) for table in (UPLOADS, PHOTOS, ITEMS, ITEM_PHOTOS)}
    ledger = DynamoLedger(aws.dynamodb, uploads=names[UPLOADS], photos=names[PHOTOS])
    store = DynamoItemStore(aws.dynamodb, items=names[ITEMS], item_photos=names[ITEM_PHOTOS])
    ledger.open_many([an_upload(1, item=item_id(1))])
    store.put_many(SHOP, [an_item(1)])
    store.attach_photos(SHOP, [(item_id(1), photo_id(1))])
    for table, name in names.items():
        for row in rows(aws, name):
            partitions = [table.partition, *(index.partition for index in table.indexes)]
            assert all(row[key.name]["S"].split("/")[0] == SHOP for key in partitions)
