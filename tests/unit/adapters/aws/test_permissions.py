import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.permissions import BUCKET, QUEUE, TABLE_ACCESS
from lookalike.adapters.aws.tables import TABLES
from lookalike.domain.upload import UploadStatus
from lookalike.ports.event_log import Event, EventKind
from lookalike.ports.ledger import Claim
from lookalike.ports.work_queue import Pointer
from lookalike.testing.examples import NOON, SHOP, a_photo, an_item, an_upload, item_id, photo_id, upload_id
from tests.contract.aws_adapters import EmulatedAws

Action = tuple[str, str]
"""A table's name (or nothing) and an action as IAM names it."""

PLAIN = {
    "DeleteObjects": "DeleteObject",
    "ListObjectVersions": "ListBucketVersions",
    "SendMessageBatch": "SendMessage",
}


def actions_of(service: str, operation: str, request: dict[str, Any]) -> Iterator[Action]:
    """What IAM asks for where this operation is called with these parameters."""
    parts = request.get("TransactItems", [])
    for kind, part in ((kind, part) for item in parts for kind, part in item.items()):
        yield part["TableName"], f"{service}:{kind}Item"
    if parts:
        return
    names = [*request.get("RequestItems", {}), *([request["TableName"]] if "TableName" in request else [])] or [""]
    plain = PLAIN.get(operation, operation) + ("Version" if "versionId" in request else "")
    yield from ((name, f"{service}:{plain}") for name in names)


@contextmanager
def recorded(client: Any) -> Iterator[set[Action]]:
    """Every action that is taken through a client meanwhile."""
    taken: set[Action] = set()

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        service = model.service_model.service_name
        request = json.loads(params["body"]) if service == "dynamodb" else params["query_string"] or {}
        taken.update(actions_of(service, model.name, request))

    client.meta.events.register("before-call.*.*", note)
    try:
        yield taken
    finally:
        client.meta.events.unregister("before-call.*.*", note)


@pytest.fixture
def tables(aws: EmulatedAws) -> dict[str, str]:
    return {table.name: aws.table(table) for table in TABLES}


def read_tables(ledger: DynamoLedger, items: DynamoItemStore, events: DynamoEventLog) -> None:
    ledger.find_uploads(SHOP, [upload_id(1)])
    ledger.find_correlations([Pointer(SHOP, upload_id(1))])
    ledger.uploads_in(SHOP, {UploadStatus.REQUESTED}, 10)
    ledger.uploads_of_items(SHOP, [item_id(1)])
    ledger.count_uploads(SHOP)
    ledger.find_photos(SHOP, [photo_id(1)])
    items.get_many(SHOP, [item_id(1)])
    items.items_of_photos(SHOP, [photo_id(1)])
    items.page(SHOP, None, 10)
    items.count(SHOP)
    events.tail(SHOP, 10)


def write_tables(ledger: DynamoLedger, items: DynamoItemStore, events: DynamoEventLog) -> None:
    ledger.open_many([an_upload(1)])
    ledger.advance_many([an_upload(1).received(NOON)])
    ledger.record_photos(SHOP, [a_photo(1)])
    ledger.claim_photos(SHOP, [photo_id(1)], Claim("me", NOON, NOON + timedelta(minutes=1)))
    items.put_many(SHOP, [an_item(1)])
    items.attach_photos(SHOP, [(item_id(1), photo_id(1))])
    items.remove_many(SHOP, [item_id(1)])
    events.append_many([Event(SHOP, EventKind.ITEM_REMOVED, item_id(1), NOON)])
    ledger.forget_uploads(SHOP, [upload_id(1)], NOON)
    ledger.forget_photos(SHOP, [photo_id(1)])


@pytest.mark.parametrize(("use", "kinds"), [(read_tables, ["read"]), (write_tables, ["read", "write"])])
def test_tables_are_used_in_the_declared_ways_and_no_other(
    aws: EmulatedAws, tables: dict[str, str], use: Callable[..., None], kinds: list[str]
) -> None:
    ledger = DynamoLedger(aws.dynamodb, uploads=tables["uploads"], photos=tables["photos"])
    items = DynamoItemStore(aws.dynamodb, items=tables["items"], item_photos=tables["item_photos"])
    with recorded(aws.dynamodb) as taken:
        use(ledger, items, DynamoEventLog(aws.dynamodb, events=tables["events"]))
    declared = {
        kind: {(tables[name], action) for name, access in TABLE_ACCESS.items() for action in getattr(access, kind)}
        for kind in kinds
    }
    assert taken <= set().union(*declared.values())
    assert declared[kinds[-1]] <= taken


def test_the_bucket_is_used_in_the_declared_ways_and_no_other(aws: EmulatedAws) -> None:
    store = aws.photo_store()
    with recorded(aws.s3) as taken:
        store.presign_upload(an_upload(1), 1000, NOON + timedelta(minutes=10))
        assert taken == set()
        store.write_uploads(SHOP, {upload_id(1): b"bytes"})
        store.read_upload(SHOP, upload_id(1))
        store.read_prepared(SHOP, [photo_id(1)])
        store.delete_uploads(SHOP, [upload_id(1)])
    assert {action for _, action in taken} == BUCKET.read - {"s3:ListBucket"} | BUCKET.write


def test_the_queue_is_used_in_the_declared_ways_and_no_other(aws: EmulatedAws) -> None:
    queue, _ = aws.work_queue()
    with recorded(aws.sqs) as taken:
        queue.send_many([Pointer(SHOP, upload_id(1))])
    assert {action for _, action in taken} == QUEUE.read | QUEUE.write
