import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.dynamo_table import DynamoTable
from lookalike.adapters.aws.row import Row
from lookalike.adapters.aws.tables import ITEMS, PHOTOS, TABLES, create_request
from lookalike.adapters.aws.write import held, update
from lookalike.errors import OverloadedError
from tests.contract.aws_adapters import EmulatedAws

BACKOFF = Backoff(sleep=lambda _: None)


class Reluctant:
    """A table that takes, of each batch, as many requests as `takes` says at that call, and leaves the rest."""

    def __init__(self, takes: Callable[[int], int]) -> None:
        self.stored: dict[str, Any] = {}
        self.calls = 0
        self._takes = takes

    def _split(self, requests: list[Any]) -> tuple[list[Any], list[Any]]:
        take, self.calls = self._takes(self.calls), self.calls + 1
        return requests[:take], requests[take:]

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803
        ((name, requests),) = RequestItems.items()
        assert 1 <= len(requests) <= 25
        taken, left = self._split(requests)
        for request in taken:
            row = request["PutRequest"]["Item"]
            self.stored[row["key"]["S"]] = row
        return {"UnprocessedItems": {name: left}} if left else {}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((name, request),) = RequestItems.items()
        assert 1 <= len(request["Keys"]) <= 100
        assert request["ConsistentRead"]
        taken, left = self._split(request["Keys"])
        rows = [self.stored[key["key"]["S"]] for key in taken if key["key"]["S"] in self.stored]
        rest = {"UnprocessedKeys": {name: request | {"Keys": left}}} if left else {}
        return {"Responses": {name: rows}} | rest


def rows(count: int) -> list[Row]:
    return [{"key": str(n), "value": n} for n in range(count)]


def table_on(client: Reluctant) -> DynamoTable:
    return DynamoTable(client, PHOTOS, "photos", BACKOFF)  # type: ignore[arg-type]


@pytest.mark.parametrize("takes", [lambda _: 1, lambda call: call % 3, lambda call: 0 if call < 7 else 100])
def test_what_is_left_unprocessed_is_sent_until_it_is_done(takes: Callable[[int], int]) -> None:
    client = Reluctant(takes)
    table = table_on(client)
    table.put_many(rows(25))
    client.calls = 0
    found = table.get_many([{"key": str(n)} for n in range(30)])
    assert sorted(found, key=lambda row: int(row["value"])) == rows(25)


def test_a_table_that_takes_nothing_is_overloaded() -> None:
    client = Reluctant(lambda _: 0)
    with pytest.raises(OverloadedError):
        table_on(client).put_many(rows(3))
    assert client.calls == BACKOFF.attempts
    with pytest.raises(OverloadedError):
        table_on(client).get_many([{"key": "1"}])


def test_batches_are_as_large_as_they_may_be() -> None:
    client = Reluctant(lambda _: 100)
    table_on(client).put_many(rows(101))
    assert client.calls == 5
    client.calls = 0
    assert len(table_on(client).get_many(rows(101))) == 101
    assert client.calls == 2


def test_waits_grow_to_a_limit_and_differ() -> None:
    waits: list[float] = []
    random.seed(1)
    backoff = Backoff(attempts=40, first=0.1, longest=1.0, sleep=waits.append)
    assert list(backoff.rounds()) == list(range(40))
    assert len(waits) == 39
    assert all(0 <= wait <= min(0.1 * 2**n, 1.0) for n, wait in enumerate(waits))
    assert len(set(waits)) == 39


def contended(*, times: int) -> Callable[[], None]:
    left = iter(range(times))

    def write() -> None:
        if next(left, None) is not None:
            raise ClientError({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")

    return write


def test_a_contended_row_is_written_once_the_other_is_done() -> None:
    assert held(contended(times=BACKOFF.attempts - 1), BACKOFF)
    with pytest.raises(OverloadedError):
        held(contended(times=BACKOFF.attempts), BACKOFF)


def test_long_partitions_are_read_page_by_page(aws: EmulatedAws) -> None:
    table = DynamoTable(aws.dynamodb, ITEMS, aws.table(ITEMS))
    long = "x" * 100_000  # DynamoDB ends a page at 1 MB
    table.put_many([{"catalogue": "shop", "id": f"{n:03}", "shard": "shop/0", "long": long} for n in range(25)])
    assert [row["id"] for row in table.query("shop")] == [f"{n:03}" for n in range(25)]
    assert [row["id"] for row in table.query("shop", after="004", most=13)] == [f"{n:03}" for n in range(5, 18)]
    assert [row["id"] for row in table.query("shop", newest_first=True, most=2)] == ["024", "023"]
    assert list(table.query("shop", most=0)) == []
    assert table.count("shop/0", index=ITEMS.indexes[0]) == 25


def test_an_update_removes_what_is_none_and_keeps_what_it_does_not_name(aws: EmulatedAws) -> None:
    table = DynamoTable(aws.dynamodb, PHOTOS, aws.table(PHOTOS))
    key = {"key": "shop/1"}
    table.put_many([key | {"a": "old", "b": "old", "c": "old"}])
    assert table.change(key, update({"a": "new", "b": None}, keeping={"c": "new", "d": "new"}))
    assert table.get_many([key]) == [key | {"a": "new", "c": "old", "d": "new"}]
    assert not table.change(key, update({"a": "newer"}, condition="#a = :seen", values={"seen": "old"}))
    assert table.get_many([key]) == [key | {"a": "new", "c": "old", "d": "new"}]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_tables_are_made_as_the_schema_says(aws: EmulatedAws, table: Any) -> None:
    made = aws.dynamodb.describe_table(TableName=aws.table(table))["Table"]
    assert made["KeySchema"] == create_request(table, "any")["KeySchema"]
    indexes = {index["IndexName"]: index for index in made.get("GlobalSecondaryIndexes", [])}
    assert set(indexes) == {index.name for index in table.indexes}
    assert all(index["Projection"]["ProjectionType"] == "KEYS_ONLY" for index in indexes.values())
