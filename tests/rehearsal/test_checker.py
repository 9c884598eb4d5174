"""The checker finds what it is there to find: each planted fault, by name, and nothing where there is none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.mapping import IndexLayout
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from tests.rehearsal.checker import Offered, drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal

Plant = Callable[[Shop, int], None]


@pytest.fixture(scope="module")
def good(whole: Rehearsal, pictures: list[bytes]) -> Iterator[Shop]:
    """A catalogue in perfect order: a photo for each fault that is planted, the last of them broken."""
    with Shop(whole, "planted") as shop:
        photos = [*pictures[: len(PLANTED) - 1], b"broken"]
        for number, photo in enumerate(photos):
            shop.put_item(f"item-{number}")
            shop.offer(photo, f"item-{number}")
        for offer in shop.offered:
            shop.settled(offer.upload)
        drained(whole)
        assert shop.findings() == []
        yield shop
        shop.take_dead_letters()


def row(shop: Shop, table: str, key: dict[str, str]) -> dict[str, Any]:
    named = {name: {"S": value} for name, value in key.items()}
    return {"TableName": shop.whole.cloud.rehearsed.outputs["tables"][table], "Key": named}


def upload_row(shop: Shop, at: int) -> dict[str, Any]:
    return row(shop, "uploads", {"key": f"{shop.catalogue}/{shop.offered[at].upload}"})


def change(shop: Shop, key: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    shop.whole.cloud.rehearsed.clients.dynamodb.update_item(
        **key,
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def lose_the_record(shop: Shop, at: int) -> None:
    shop.whole.cloud.rehearsed.clients.dynamodb.delete_item(**upload_row(shop, at))


def leave_it_prepared(shop: Shop, at: int) -> None:
    change(shop, upload_row(shop, at), "status", {"S": "prepared"})


def reject_without_a_reason(shop: Shop, at: int) -> None:
    change(shop, upload_row(shop, at), "detail", {"S": ""})


def point_at_another_photo(shop: Shop, at: int) -> None:
    change(shop, upload_row(shop, at), "photo", {"S": shop.offered[at - 1].photo})


def forget_the_photos_facts(shop: Shop, at: int) -> None:
    key = {"key": f"{shop.catalogue}/{shop.offered[at].photo}"}
    shop.whole.cloud.rehearsed.clients.dynamodb.delete_item(**row(shop, "photos", key))


def list_the_photo_twice(shop: Shop, at: int) -> None:
    photo = {"S": shop.offered[at].photo}
    change(shop, row(shop, "items", {"catalogue": shop.catalogue, "id": f"item-{at}"}), "photos", {"L": [photo, photo]})


def untie_the_photo(shop: Shop, at: int) -> None:
    key = {"key": f"{shop.catalogue}/{shop.offered[at].photo}", "item": f"item-{at}"}
    shop.whole.cloud.rehearsed.clients.dynamodb.delete_item(**row(shop, "item_photos", key))


def lose_the_entry(shop: Shop, at: int) -> None:
    with OpenSearch(shop.whole.opensearch.url) as client:
        key = f"{shop.offered[at].item}/{shop.offered[at].photo}"
        client.delete(index=index(shop), id=key)


def enter_it_for_another_item(shop: Shop, at: int) -> None:
    with OpenSearch(shop.whole.opensearch.url) as client:
        (hit,) = client.search(index=index(shop), body={"size": 1})["hits"]["hits"]
        client.index(index=index(shop), body=hit["_source"], id=f"item-9/{shop.offered[at].photo}")


def index(shop: Shop) -> str:
    return IndexLayout().index(CatalogueId(shop.catalogue), 1)


def lose_the_original(shop: Shop, at: int) -> None:
    store(shop).delete_object(Bucket=bucket(shop), Key=f"uploads/{shop.catalogue}/{shop.offered[at].upload}")


def garble_the_original(shop: Shop, at: int) -> None:
    store(shop).delete_object(Bucket=bucket(shop), Key=f"prepared/{shop.catalogue}/{shop.offered[at].photo}")
    offer = shop.offered[at]
    shop.offered[at] = replace(offer, data=shop.offered[at - 1].data)


def lose_the_thumbnail(shop: Shop, at: int) -> None:
    store(shop).delete_object(Bucket=bucket(shop), Key=f"thumbnails/{shop.catalogue}/{shop.offered[at].photo}")


def leave_an_object_behind(shop: Shop, at: int) -> None:
    store(shop).put_object(Bucket=bucket(shop), Key=f"prepared/{shop.catalogue}/{at:064x}", Body=b"")


def leave_a_dead_letter(shop: Shop, at: int) -> None:
    shop.send("received-dead", shop.notice(shop.offered[at].upload))


def forget_to_take_it_in(shop: Shop, at: int) -> None:
    shop.offered.append(Offered(type(shop.offered[at].upload).new(), ItemId(f"item-{at}"), shop.offered[at].data))


def store(shop: Shop) -> Any:
    return shop.whole.cloud.rehearsed.clients.s3


def bucket(shop: Shop) -> str:
    return str(shop.whole.cloud.rehearsed.outputs["photo_bucket"])


PLANTED: dict[Plant, str] = {
    lose_the_record: "ledger: upload .* is lost",
    leave_it_prepared: "ledger: upload .* should be indexed, is prepared",
    point_at_another_photo: "ledger: upload .* shows",
    forget_the_photos_facts: "ledger: photo .* is missing",
    list_the_photo_twice: "items: pair .* is doubled",
    untie_the_photo: "items: tie .* is missing",
    lose_the_entry: "index: entry .* is missing",
    enter_it_for_another_item: "index: entry .* is of nobody",
    lose_the_original: "store: object .* is missing",
    garble_the_original: "store: .* does not hold what was offered",
    lose_the_thumbnail: "store: object thumbnails/.* is missing",
    leave_an_object_behind: "store: object .* is of nobody",
    leave_a_dead_letter: "queues: 1 dead letters, 0 expected",
    forget_to_take_it_in: "ledger: upload .* is lost",
    reject_without_a_reason: "ledger: upload .* should be rejected with a reason",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_finds(good: Shop, plant: Plant) -> None:
    before = good.findings()
    plant(good, list(PLANTED).index(plant))
    fresh = [finding for finding in good.findings() if finding not in before]
    assert any(re.match(PLANTED[plant], finding) for finding in fresh), fresh
