"""Compares what was offered with what there is: ledger, items, index, queues and store. Finds, repairs nothing."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from opensearchpy import NotFoundError, OpenSearch
from opensearchpy.helpers import scan

from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.opensearch.mapping import IndexLayout, read_document_id
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import PhotoRejectedError
from lookalike.imaging.prepare import prepare
from tests.rehearsal.whole import Rehearsal

_PATIENCE_S: Final = 120.0
_INPUT: Final = 224


@dataclass(frozen=True, slots=True)
class Offered:
    """What a client brought: an upload whose bytes the store took in, for an item or to search with."""

    upload: UploadId
    item: ItemId | None
    data: bytes

    @property
    def photo(self) -> PhotoId:
        return PhotoId.of(self.data)


def drained(whole: Rehearsal, patience_s: float = _PATIENCE_S) -> None:
    """Wait until no message waits or is worked on. Raises `TimeoutError` where that takes longer."""
    deadline = time.monotonic() + patience_s
    quiet = 0
    while quiet < 3:  # the moment between one queue and the next must not pass for the end
        if time.monotonic() > deadline:
            raise TimeoutError(f"messages are left after {patience_s:g} s: {depths(whole)}")
        time.sleep(0.1)
        waiting = sum(count for name, count in depths(whole).items() if not name.endswith("-dead"))
        quiet = 0 if waiting else quiet + 1


def depths(whole: Rehearsal) -> dict[str, int]:
    """How many messages each queue holds, those being worked on and those put off among them."""
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    cloud, found = whole.cloud.rehearsed, {}
    for name, queue in cloud.queues.items():
        said: Any = cloud.clients.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)  # type: ignore[arg-type]
        found[name] = sum(int(said["Attributes"][attribute]) for attribute in names)
    return found


def inferences(whole: Rehearsal) -> int:
    """Photos that Triton has computed since it started, by all of its models, whichever there are."""
    told = httpx.get(f"{whole.triton.http}/v2/models/stats").raise_for_status().json()["model_stats"]
    assert told, "Triton tells of no model"
    return sum(int(model["inference_count"]) for model in told)


def check(whole: Rehearsal, catalogue: str, offered: Sequence[Offered], *, dead: int = 0) -> list[str]:
    """One sentence for everything that is lost, doubled or not as it should be; none where all is well.

    `offered` is everything that was ever offered to the catalogue; `dead` letters are expected in all queues.
    """
    return list(_Check(whole, CatalogueId(catalogue), offered).findings(dead))


def uploads(whole: Rehearsal, catalogue: str, offered: Sequence[Offered]) -> list[Upload]:
    """The ledger's records of what was offered, of those that it has."""
    asked = [offer.upload for offer in offered]
    return list(_ledger_of(whole).find_uploads(CatalogueId(catalogue), asked).values())


def _ledger_of(whole: Rehearsal) -> DynamoLedger:
    tables = whole.cloud.rehearsed.outputs["tables"]
    return DynamoLedger(whole.cloud.rehearsed.clients.dynamodb, uploads=tables["uploads"], photos=tables["photos"])


class _Check:
    def __init__(self, whole: Rehearsal, catalogue: CatalogueId, offered: Sequence[Offered]) -> None:
        self.whole, self.catalogue, self.offered = whole, catalogue, offered
        self.good = {offer.upload for offer in offered if _is_good(offer.data)}
        cloud = whole.cloud.rehearsed
        tables, dynamodb = cloud.outputs["tables"], cloud.clients.dynamodb
        self.ledger = _ledger_of(whole)
        self.items = DynamoItemStore(dynamodb, items=tables["items"], item_photos=tables["item_photos"])

    def findings(self, dead: int) -> Iterator[str]:
        yield from self._ledger()
        yield from self._items()
        yield from self._index()
        yield from self._store()
        yield from self._queues(dead)

    def _ledger(self) -> Iterator[str]:
        records = self.ledger.find_uploads(self.catalogue, [offer.upload for offer in self.offered])
        for offer in self.offered:
            record = records.get(offer.upload)
            if record is None:
                yield f"ledger: upload {offer.upload} is lost"
            elif (why := self._wrong(offer, record)) is not None:
                yield f"ledger: upload {offer.upload} {why}"
        known = self.ledger.find_photos(self.catalogue, [offer.photo for offer in self.offered])
        yield from _differences("ledger: photo", self._shown(), set(known))

    def _wrong(self, offer: Offered, record: Upload) -> str | None:
        if offer.upload not in self.good:
            rejected = record.status is UploadStatus.REJECTED and record.rejection is not None and record.detail
            return None if rejected else f"should be rejected with a reason, is {record.status}"
        ends = UploadStatus.PREPARED if offer.item is None else UploadStatus.INDEXED
        if record.status is not ends:
            return f"should be {ends}, is {record.status} ({record.detail})"
        return None if record.photo == offer.photo else f"shows {record.photo}, {offer.photo} was offered"

    def _items(self) -> Iterator[str]:
        expected = Counter({(offer.item, offer.photo): 1 for offer in self._used() if offer.item})
        wanted = list({item for item, _ in expected if item})
        there = self.items.get_many(self.catalogue, wanted)
        found = Counter((item.id, photo) for item in there.values() for photo in item.photos)
        yield from _differences("items: pair", expected, found)
        ties = self.items.items_of_photos(self.catalogue, [photo for _, photo in expected])
        found = Counter((item, photo) for photo, items in ties.items() for item in items)
        yield from _differences("items: tie", expected, found)

    def _index(self) -> Iterator[str]:
        expected = Counter({(offer.item, offer.photo): 1 for offer in self._used() if offer.item})
        yield from _differences("index: entry", expected, Counter(entries(self.whole, self.catalogue)))

    def _store(self) -> Iterator[str]:
        expected = {f"uploads/{self.catalogue}/{offer.upload}" for offer in self.offered}
        kinds = ("prepared", "thumbnails")
        expected |= {f"{kind}/{self.catalogue}/{photo}" for kind in kinds for photo in self._shown()}
        found = set(objects(self.whole, self.catalogue))
        yield from _differences("store: object", expected, found)
        for offer in self.offered:
            key = f"uploads/{self.catalogue}/{offer.upload}"
            if key in found and self._first(key) != offer.data:
                yield f"store: {key} does not hold what was offered"

    def _queues(self, dead: int) -> Iterator[str]:
        found = depths(self.whole)
        for name, count in found.items():
            if count and not name.endswith("-dead"):
                yield f"queues: {name} holds {count} messages still"
        letters = sum(count for name, count in found.items() if name.endswith("-dead"))
        if letters != dead:
            yield f"queues: {letters} dead letters, {dead} expected"

    def _used(self) -> list[Offered]:
        return [offer for offer in self.offered if offer.upload in self.good]

    def _shown(self) -> set[PhotoId]:
        """Photos of items; of those to search with, nothing but the original is kept."""
        return {offer.photo for offer in self._used() if offer.item}

    def _first(self, key: str) -> bytes:
        """What came in first: whoever has a form may post again, and that counts for nothing."""
        cloud = self.whole.cloud.rehearsed
        s3, bucket = cloud.clients.s3, cloud.outputs["photo_bucket"]
        first = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"][-1]["VersionId"]
        return s3.get_object(Bucket=bucket, Key=key, VersionId=first)["Body"].read()


def entries(whole: Rehearsal, catalogue: str) -> list[tuple[ItemId, PhotoId]]:
    """Every document of every generation of a catalogue, as the index itself has them."""
    pattern = IndexLayout().indexes(CatalogueId(catalogue))
    with OpenSearch(whole.opensearch.url) as client:
        try:
            client.indices.refresh(index=pattern)
            return [read_document_id(hit["_id"]) for hit in scan(client, index=pattern, _source=False)]
        except NotFoundError:
            return []


def objects(whole: Rehearsal, catalogue: str) -> list[str]:
    """The keys of a catalogue's objects."""
    cloud = whole.cloud.rehearsed
    pages = cloud.clients.s3.get_paginator("list_objects_v2")
    return [
        found["Key"]
        for kind in ("uploads", "prepared", "thumbnails")
        for page in pages.paginate(Bucket=cloud.outputs["photo_bucket"], Prefix=f"{kind}/{catalogue}/")
        for found in page.get("Contents", [])
    ]


def _differences(what: str, expected: Any, found: Any) -> Iterator[str]:
    expected, found = Counter(expected), Counter(found)
    for thing in (expected - found).elements():
        yield f"{what} {thing} is missing"
    for thing in (found - expected).elements():
        yield f"{what} {thing} is {'doubled' if thing in expected else 'of nobody'}"


def _is_good(data: bytes) -> bool:
    try:
        prepare(data, _INPUT)
    except PhotoRejectedError:
        return False
    return True
