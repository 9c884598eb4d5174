from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.errors import translated
from lookalike.adapters.aws.parallel import chunks, in_parallel
from lookalike.adapters.aws.row import Row, Wire, from_wire, to_wire
from lookalike.adapters.aws.tables import Index, Table
from lookalike.adapters.aws.write import held
from lookalike.errors import OverloadedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
_MOST_GET: Final = 100
_MOST_WRITE: Final = 25


@dataclass(frozen=True, slots=True)
class DynamoTable:
    """One table, many rows at a time. Every method raises the errors of `lookalike.adapters.aws.errors`.

    What DynamoDB leaves unprocessed is sent again until it is done; `OverloadedError` where that makes no
    progress for as long as `backoff` allows. Reads by key are consistent: they see every write that has returned.
    """

    client: "DynamoDBClient"
    schema: Table
    name: str
    backoff: Backoff = field(default_factory=Backoff)

    def get_many(self, keys: Sequence[Row], *attributes: str) -> list[Row]:
        """The rows there are, in no order; only these attributes of them, where some are named."""
        different = list({self._identity(key): key for key in keys}.values())
        found = in_parallel(lambda some: self._get(some, attributes), chunks(different, _MOST_GET))
        return [row for rows in found for row in rows]

    def put_many(self, rows: Sequence[Row]) -> None:
        """Write rows over what may be there; of two with one key the last stands."""
        last = {self._identity(row): row for row in rows}
        self._write([{"PutRequest": {"Item": to_wire(row)}} for row in last.values()])

    def delete_many(self, keys: Sequence[Row]) -> None:
        """Delete rows; unknown ones are ignored."""
        different = {self._identity(key): key for key in keys}
        self._write([{"DeleteRequest": {"Key": to_wire(key)}} for key in different.values()])

    def change(self, key: Row, update: Wire) -> bool:
        """Apply an `lookalike.adapters.aws.write.update`; whether its condition held."""
        with_key: Wire = {"TableName": self.name, "Key": to_wire(key)} | update
        return held(lambda: self.client.update_item(**with_key), self.backoff)

    def query(
        self,
        partition: str,
        *,
        index: Index | None = None,
        after: str | None = None,
        newest_first: bool = False,
        most: int | None = None,
    ) -> Iterator[Row]:
        """The rows of a partition in the order of their sort keys, up to `most`, those behind `after` only."""
        request = self._query(partition, index, after) | {"ScanIndexForward": not newest_first}
        if most is not None:
            request["Limit"] = max(most, 1)
        yield from islice((from_wire(row) for page in self._pages(request) for row in page["Items"]), most)

    def count(self, partition: str, *, index: Index) -> int:
        """How many rows a partition of an index holds, read page by page."""
        return sum(page["Count"] for page in self._pages(self._query(partition, index, None) | {"Select": "COUNT"}))

    def _identity(self, row: Row) -> tuple[str, ...]:
        return tuple(row[key.name] for key in self.schema.keys)

    def _get(self, keys: Sequence[Row], attributes: Sequence[str]) -> list[Row]:
        request: dict[str, Any] = {"Keys": [to_wire(key) for key in keys], "ConsistentRead": True}
        if attributes:
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
        found: list[Wire] = []

        def ask(left: list[Any]) -> list[Any]:
            some: Any = request | {"Keys": left}
            answer = self.client.batch_get_item(RequestItems={self.name: some})
            found.extend(answer["Responses"].get(self.name, ()))
            rest: Mapping[str, Any] = answer.get("UnprocessedKeys", {}).get(self.name, {})
            return list(rest.get("Keys", ()))

        self._until_done(ask, request["Keys"])
        return [from_wire(row) for row in found]

    def _write(self, requests: Sequence[Wire]) -> None:
        def ask(left: list[Any]) -> list[Any]:
            answer = self.client.batch_write_item(RequestItems={self.name: left})
            return list(answer.get("UnprocessedItems", {}).get(self.name, ()))

        in_parallel(lambda some: self._until_done(ask, list(some)), chunks(requests, _MOST_WRITE))

    def _until_done(self, ask: Callable[[list[Any]], list[Any]], work: list[Any]) -> None:
        while work:
            for _ in self.backoff.rounds():
                with translated():
                    left = ask(work)
                if len(left) < len(work):
                    break
            else:
                raise OverloadedError(f"the table of {self.schema.name} takes no more requests")
            work = left

    def _query(self, partition: str, index: Index | None, after: str | None) -> dict[str, Any]:
        keys = (index or self.schema).keys
        request: dict[str, Any] = {"TableName": self.name, "KeyConditionExpression": "#partition = :partition"}
        names, values = {"#partition": keys[0].name}, {":partition": partition}
        if after is not None:
            request["KeyConditionExpression"] += " AND #sort > :after"
            names["#sort"], values[":after"] = keys[1].name, after
        where = {"ConsistentRead": True} if index is None else {"IndexName": index.name}
        return request | where | {"ExpressionAttributeNames": names, "ExpressionAttributeValues": to_wire(values)}

    def _pages(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with translated():
                page: dict[str, Any] = dict(self.client.query(**request, **start))
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
