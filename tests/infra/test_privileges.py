"""Each function's services, on the rehearsed cloud: its role allows every call that they make, and no other."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest
from PIL import Image

from functions.search.tell_status import TellStatus
from infra.rehearsal import FunctionSpec, Rehearsed
from infra.rehearsal.clients import Clients
from infra.rehearsal.policy import allows, listed
from lookalike.adapters.aws.event_log import DynamoEventLog
from lookalike.adapters.aws.item_store import DynamoItemStore
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.object_key import UPLOADS, object_key
from lookalike.adapters.aws.photo_store import S3PhotoStore
from lookalike.adapters.aws.work_queue import SqsWorkQueue
from lookalike.adapters.embedded.clock import SystemClock
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import ByItem, ByUpload, Query
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.imaging.limits import Limits
from lookalike.ports.embedder import Pixels, Prediction, Priority
from lookalike.ports.work_queue import Pointer
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.find_similar import FindSimilar
from lookalike.services.index_photos import IndexPhotos
from lookalike.services.prepare_photos import PreparePhotos, Spread
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.remove_items import RemoveItems, RemovePhotos
from lookalike.services.request_upload import RequestUpload
from lookalike.services.resolve_subject import ResolveSubject
from lookalike.testing import FakeEmbedder, InMemoryEmbeddingCache, InMemoryVectorIndex
from lookalike.testing.examples import SHOP, an_item
from tests.infra.cloud_calls import Asked, CallLog

ITEM: Final = an_item(1, "colour:red")
NOT_THE_SERVICES: Final = {
    "kms": "S3, SQS and DynamoDB ask in the caller's name",
    "logs": "Lambda writes the log",
    "xray": "Lambda sends the traces",
    "ec2": "Lambda makes the network interfaces of functions in the network",
    "s3:ListBucket": "asked for by S3 itself, to tell 404 from 403",
    "sqs:ReceiveMessage": "the event-source mapping's",
    "sqs:DeleteMessage": "the event-source mapping's",
    "sqs:GetQueueAttributes": "the event-source mapping's",
}
"""What a role allows that no call of our code asks for, and who does."""


class Adapters:
    """What one function works with, and what it asked of AWS."""

    def __init__(self, cloud: Rehearsed) -> None:
        self.calls = CallLog(cloud.account, cloud.region)
        self._clients = Clients.at(cloud.endpoint_url, cloud.region)
        s3, dynamodb, sqs = map(self.calls.listen, (self._clients.s3, self._clients.dynamodb, self._clients.sqs))
        self.bucket, tables = cloud.outputs["photo_bucket"], cloud.outputs["tables"]
        self.limits, self.clock = Limits(), SystemClock()
        self.ledger = DynamoLedger(dynamodb, uploads=tables["uploads"], photos=tables["photos"])
        self.items = DynamoItemStore(dynamodb, items=tables["items"], item_photos=tables["item_photos"])
        self.events = DynamoEventLog(dynamodb, events=tables["events"])
        self.photos = S3PhotoStore(s3, bucket=self.bucket, max_bytes=self.limits.max_bytes, clock=self.clock)
        self.received = SqsWorkQueue(sqs, url=cloud.outputs["received_queue_url"])
        self.to_embed = SqsWorkQueue(sqs, url=cloud.outputs["to_embed_queue_url"])

    def close(self) -> None:
        self._clients.close()


class Shop:
    """Takes photos through all four functions; OpenSearch and Triton are fakes, for they are not IAM's here."""

    def __init__(self, cloud: Rehearsed) -> None:
        self.cloud = cloud
        self.functions = {name: Adapters(cloud) for name in cloud.functions}
        self.index, self.embed = InMemoryVectorIndex(), EmbedPhotos(FakeEmbedder(), InMemoryEmbeddingCache())
        self.size = self.embed.embedder.facts.input_size

    def trade(self) -> None:
        """Everything that the functions ever do, once."""
        self._put_item()
        good, again, bad = (self._upload(picture) for picture in (a_picture(1), a_picture(2), b"no picture"))
        self._prepare([good, again, bad])
        self._index([good, again])
        self._lose_what_was_prepared()
        self._search(good)
        late = self._upload(a_picture(4))
        self._remove()
        self._prepare([late])  # its notice comes when it is gone
        self._index_what_nothing_shows()
        self._prepare_what_is_removed_meanwhile()
        self._index_what_is_removed_meanwhile()

    def _put_item(self) -> None:
        do = self.functions["uploads"]
        put = PutItems(do.items, self.index)
        put(SHOP, [ITEM])
        put(SHOP, [Item(ITEM.id, ITEM.category, ITEM.title, frozenset({Label("colour", "blue")}))])
        UpdateItems(do.items, self.index)(SHOP, [ItemPatch(ITEM.id, title="Another")])

    def _upload(self, picture: bytes, item: ItemId | None = ITEM.id) -> UploadId:
        do = self.functions["uploads"]
        upload = RequestUpload(do.ledger, do.photos, do.items, do.clock, do.limits)(SHOP, "image/png", item).upload
        key = object_key(UPLOADS, SHOP, upload.id)
        signed = ("s3:PutObject",) if item else ("s3:PutObject", "s3:PutObjectTagging")
        do.calls.asked |= {(action, f"arn:aws:s3:::{do.bucket}/{key}") for action in signed}
        self.cloud.clients.s3.put_object(Bucket=do.bucket, Key=key, Body=picture)
        assert do.ledger.find_uploads(SHOP, [upload.id])
        return upload.id

    def _prepare(self, uploads: list[UploadId], spread: Spread = map) -> None:
        do = self.functions["prepare"]
        pointers = [Pointer(SHOP, upload) for upload in uploads]
        do.ledger.find_correlations(pointers)
        ports = (do.ledger, do.photos, do.items, do.to_embed, do.events, do.clock)
        step = PreparePhotos(*ports, do.limits, self.size, spread)
        assert all(outcome.done for outcome in step(pointers))

    def _index(self, uploads: list[UploadId]) -> None:
        self._index_photos()([Pointer(SHOP, upload) for upload in uploads])
        found = self.cloud_ledger().find_uploads(SHOP, uploads)
        assert {upload.status for upload in found.values()} == {UploadStatus.INDEXED}

    def _lose_what_was_prepared(self) -> None:
        lost = self._upload(a_picture(3))
        self._prepare([lost])
        photo = self.cloud_ledger().find_uploads(SHOP, [lost])[lost].photo
        self.cloud.clients.s3.delete_object(Bucket=self.cloud.outputs["photo_bucket"], Key=f"prepared/{SHOP}/{photo}")
        with self._index_photos().claim(SHOP, [PhotoId.of(a_picture(3))]):
            self._index_photos()([Pointer(SHOP, lost)])  # another process is at it
        self._index_photos()([Pointer(SHOP, lost)])

    def _index_what_nothing_shows(self) -> None:
        """An upload that was opened just as its item was removed."""
        self._put_item()
        orphan = self._upload(a_picture(5))
        self._prepare([orphan])
        tables = self.cloud.outputs["tables"]
        items = DynamoItemStore(self.cloud.clients.dynamodb, items=tables["items"], item_photos=tables["item_photos"])
        items.remove_many(SHOP, [ITEM.id])
        self._index_photos()([Pointer(SHOP, orphan)])
        assert self.cloud_ledger().find_uploads(SHOP, [orphan]) == {}

    def _prepare_what_is_removed_meanwhile(self) -> None:
        self._put_item()
        upload = self._upload(a_picture(6))

        def meanwhile(work: Callable[[Any], Any], photos: Iterable[Any]) -> Iterable[Any]:
            self._remove()
            return map(work, photos)

        self._prepare([upload], meanwhile)

    def _index_what_is_removed_meanwhile(self) -> None:
        self._put_item()
        upload = self._upload(a_picture(7))
        self._prepare([upload])
        photo = PhotoId.of(a_picture(7))

        class Meanwhile(FakeEmbedder):
            def embed_many(this, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:  # noqa: N805
                assert self._remove_photo(photo) == []  # not in yet
                return super().embed_many(photos, priority)

        self.embed = EmbedPhotos(Meanwhile(), InMemoryEmbeddingCache())
        self._index_photos()([Pointer(SHOP, upload)])
        assert self._remove_photo(photo) == []  # nor now

    def _remove_photo(self, photo: PhotoId) -> list[tuple[ItemId, PhotoId]]:
        do = self.functions["uploads"]
        remove = RemovePhotos(do.ledger, do.photos, do.items, self.index, do.events, do.clock)
        return remove(SHOP, [(ITEM.id, photo)])

    def _index_photos(self) -> IndexPhotos:
        do = self.functions["embed"]
        return IndexPhotos(
            ledger=do.ledger,
            photos=do.photos,
            items=do.items,
            embed=self.embed,
            claim=ClaimPhotos(do.ledger, do.clock, timedelta(minutes=2)),
            index=self.index,
            received=do.received,
            to_embed=do.to_embed,
            events=do.events,
            clock=do.clock,
        )

    def _search(self, indexed: UploadId) -> None:
        do = self.functions["search"]
        resolve = ResolveSubject(do.ledger, do.photos, do.items, self.index, self.embed, do.limits)
        find = FindSimilar(resolve, self.index, do.items, do.ledger)
        for subject in (ByUpload(self._upload(a_picture(1), item=None)), ByUpload(indexed), ByItem(ITEM.id)):
            find(SHOP, Query(subject))
        do.items.page(SHOP, None, 10)
        do.photos.read_thumbnail(SHOP, PhotoId.of(a_picture(1)))
        TellStatus(do.ledger, do.items, self.index)(SHOP)

    def _remove(self) -> None:
        do = self.functions["uploads"]
        remove = RemoveItems(do.ledger, do.photos, do.items, self.index, do.events, do.clock)
        assert remove(SHOP, [ITEM.id]) == [ITEM.id]

    def cloud_ledger(self) -> DynamoLedger:
        tables = self.cloud.outputs["tables"]
        return DynamoLedger(self.cloud.clients.dynamodb, uploads=tables["uploads"], photos=tables["photos"])

    def close(self) -> None:
        for adapters in self.functions.values():
            adapters.close()


def a_picture(number: int) -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").resize((96, 96 + number)).convert("RGB").save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="module")
def asked(rehearsed: Rehearsed) -> Mapping[str, set[Asked]]:
    """What each function asked of AWS in a shop's whole trade."""
    shop = Shop(rehearsed)
    try:
        shop.trade()
    finally:
        shop.close()
    return {name: adapters.calls.asked for name, adapters in shop.functions.items()}


@pytest.fixture(params=["uploads", "search", "prepare", "embed"])
def function(request: pytest.FixtureRequest, rehearsed: Rehearsed) -> FunctionSpec:
    return rehearsed.functions[request.param]


def granted(function: FunctionSpec) -> set[Asked]:
    """Every action with every pattern of resources that a role names, but for what other parties ask for."""
    return {
        (action, resource)
        for statement in function.role.statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action not in NOT_THE_SERVICES and action.split(":")[0] not in NOT_THE_SERVICES
    }


def test_a_role_allows_every_call_of_its_function(function: FunctionSpec, asked: Mapping[str, set[Asked]]) -> None:
    policies = list(function.role.policies.values())
    refused = [need for need in sorted(asked[function.name]) if not allows(policies, *need)]
    assert asked[function.name]
    assert refused == []


def test_a_role_allows_nothing_to_spare(function: FunctionSpec, asked: Mapping[str, set[Asked]]) -> None:
    def is_used(action: str, pattern: str) -> bool:
        return any(action == need and fnmatchcase(arn, pattern) for need, arn in asked[function.name])

    assert sorted(grant for grant in granted(function) if not is_used(*grant)) == []


def test_encrypted_stores_come_with_their_key(function: FunctionSpec) -> None:
    through = {
        (action, statement["Condition"]["StringEquals"]["kms:ViaService"].split(".")[0])
        for statement in function.role.statements
        for action in listed(statement["Action"])
        if action.startswith("kms:")
    }
    needed = {("kms:Decrypt", "dynamodb")}
    for action, key in (
        ("s3:GetObject", "kms:Decrypt"),
        ("s3:GetObjectVersion", "kms:Decrypt"),
        ("s3:PutObject", "kms:GenerateDataKey"),
    ):
        if action in function.role.actions:
            needed.add((key, "s3"))
    if {"sqs:SendMessage", "sqs:ReceiveMessage"} & function.role.actions:
        needed.add(("kms:Decrypt", "sqs"))
    if "sqs:SendMessage" in function.role.actions:
        needed.add(("kms:GenerateDataKey", "sqs"))
    assert through == needed


def test_a_call_too_many_and_a_grant_too_many_are_seen(rehearsed: Rehearsed, asked: Mapping[str, set[Asked]]) -> None:
    # The checks above, on the wrong function: what `prepare` asks for is not what `search` may do.
    search = rehearsed.functions["search"]
    policies = list(search.role.policies.values())
    refused = {action for action, arn in asked["prepare"] if not allows(policies, action, arn)}
    writes = {"dynamodb:BatchWriteItem", "dynamodb:UpdateItem", "s3:PutObject", "s3:DeleteObject", "sqs:SendMessage"}
    assert refused == writes | {"dynamodb:Query"}  # which items a photo shows
    assert any(action == "dynamodb:Query" for action, _ in granted(search) - granted(rehearsed.functions["prepare"]))


def test_no_function_reaches_another_ones_part_of_the_bucket(rehearsed: Rehearsed) -> None:
    bucket = f"arn:aws:s3:::{rehearsed.outputs['photo_bucket']}"

    def may(name: str, action: str, key: str) -> bool:
        return allows(list(rehearsed.functions[name].role.policies.values()), action, f"{bucket}/{key}")

    assert may("uploads", "s3:PutObject", "uploads/shop/1")
    assert not may("uploads", "s3:PutObject", "prepared/shop/1")
    assert may("prepare", "s3:GetObjectVersion", "uploads/shop/1")
    assert not any(may("prepare", f"s3:GetObject{which}", "prepared/shop/1") for which in ("", "Version"))
    for name in ("uploads", "embed"):
        assert not any(may(name, f"s3:GetObject{which}", "uploads/shop/1") for which in ("", "Version"))
    assert not any(may("search", action, "uploads/shop/1") for action in ("s3:PutObject", "s3:DeleteObject"))
