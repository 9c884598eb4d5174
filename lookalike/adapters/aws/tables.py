"""The tables, as data: the one place that says which there are, what their keys are and why.

The catalogue is part of every key. Attribute names are DynamoDB's, key attributes are all strings unless a number
is named. `infra` declares these tables, the rehearsal and the tests create them with `create_request`.

======================================  ============================================================================
what is asked                           how it is answered
======================================  ============================================================================
an upload, many uploads, by id          ``uploads`` by key, consistently
open, advance an upload                 ``uploads`` conditional write by key
forget an upload; was it forgotten      ``uploads`` by key: the row loses all but its key and an expiry
uploads in some states, oldest first    ``uploads.by_status``, then the records by key, consistently
uploads for an item                     ``uploads.by_item``, then the records by key, consistently
how many uploads in each state          ``uploads.by_status``, counted: a page for each 1 MB, about 5,000 uploads
a photo's facts, many                   ``photos`` by key, consistently
claim, release a photo                  ``photos`` conditional write by key, in a row of its own
an item, many items, by id              ``items`` by key, consistently
items in the order of their ids         ``items``, one partition a catalogue, consistently
how many items                          ``items.by_shard``, counted: a page for each 1 MB, about 8,000 items
items that show a photo                 ``item_photos`` by its partition, consistently
how many different photos               ``item_photos.by_photo``, read in the order of photos: about 4,000 ties a page
newest events                           ``events``, one partition a catalogue, newest first, consistently
======================================  ============================================================================

What is read through an index (the ends ``by_…``) lags behind writes, by milliseconds as a rule. Indexes whose partition
would otherwise be a whole catalogue are cut into `SHARDS`, because a partition takes 1,000 writes a second
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html) and an index that is
slowed slows its table. ``items`` and ``events`` are not cut: DynamoDB splits a hot partition between sort keys.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal
from zlib import crc32

SHARDS: Final = 8
"""Part of keys that are stored: another number would leave earlier rows uncounted."""

KeyType = Literal["S", "N"]


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute that is part of a key: `S` a string, `N` a number."""

    name: str
    type: KeyType = "S"


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; it holds keys and nothing else."""

    name: str
    partition: Key
    sort: Key | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """The partition key and the sort key, where it has one."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its keys, its indexes, and the attribute (seconds since 1970) after which a row goes by itself."""

    name: str
    partition: Key
    sort: Key | None = None
    indexes: tuple[Index, ...] = ()
    expiry: str | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """The partition key and the sort key, where it has one."""
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @property
    def key_attributes(self) -> tuple[Key, ...]:
        """Every attribute that is part of some key, once: what a table has to declare."""
        return tuple(dict.fromkeys((*self.keys, *(key for index in self.indexes for key in index.keys))))


BY_STATUS: Final = Index("by_status", Key("status_shard"), Key("updated_at", "N"))
BY_ITEM: Final = Index("by_item", Key("item_key"))
BY_SHARD: Final = Index("by_shard", Key("shard"))
BY_PHOTO: Final = Index("by_photo", Key("shard"), Key("photo"))

UPLOADS: Final = Table("uploads", Key("key"), indexes=(BY_STATUS, BY_ITEM), expiry="expires_at")
PHOTOS: Final = Table("photos", Key("key"), expiry="expires_at")
ITEMS: Final = Table("items", Key("catalogue"), Key("id"), indexes=(BY_SHARD,))
ITEM_PHOTOS: Final = Table("item_photos", Key("key"), Key("item"), indexes=(BY_PHOTO,))
EVENTS: Final = Table("events", Key("catalogue"), Key("moment"))
TABLES: Final = (UPLOADS, PHOTOS, ITEMS, ITEM_PHOTOS, EVENTS)


def joined(*parts: str) -> str:
    """Parts of a key as one. No name of ours but the last part can hold a slash, so no two keys are written alike."""
    return "/".join(parts)


def shard_of(name: str) -> str:
    """Which of the `SHARDS` a name falls into."""
    return str(crc32(name.encode()) % SHARDS)


def all_shards(*parts: str) -> list[str]:
    """The keys of every shard below these parts."""
    return [joined(*parts, str(shard)) for shard in range(SHARDS)]


def create_request(table: Table, name: str) -> dict[str, Any]:
    """What DynamoDB's CreateTable takes to make `table` under this name, paid by request."""
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": key.name, "AttributeType": key.type} for key in table.key_attributes
        ],
        "KeySchema": _key_schema(table),
    }
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index.name, "KeySchema": _key_schema(index), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for index in table.indexes
        ]
    return request


def _key_schema(keyed: Table | Index) -> list[dict[str, str]]:
    return [
        {"AttributeName": key.name, "KeyType": kind} for key, kind in zip(keyed.keys, ("HASH", "RANGE"), strict=False)
    ]
