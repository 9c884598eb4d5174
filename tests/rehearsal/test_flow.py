"""Photos travel the whole of it: pre-signed form, bucket, queue, function, model, index, ledger."""

import json
from typing import Any

from functions.embed.wiring import EmbedSettings
from functions.prepare.wiring import PrepareSettings
from functions.search.wiring import SearchSettings
from functions.settings import Settings
from functions.uploads.wiring import UploadsSettings
from tests.rehearsal.checker import drained
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal

BROKEN = b"\xff\xd8 this is no photo"
SETTINGS = {"uploads": UploadsSettings, "search": SearchSettings, "prepare": PrepareSettings, "embed": EmbedSettings}


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_photos_end_indexed_or_rejected_and_are_found(shop: Shop, drawn: list[bytes]) -> None:
    for number in range(len(drawn)):
        shop.put_item(f"item-{number}", "dress" if number % 2 else "hat", "colour:red")
    uploads = [shop.offer(photo, f"item-{number}") for number, photo in enumerate(drawn)]
    twice = shop.offer(drawn[0], "item-1")
    broken = shop.offer(BROKEN, "item-2")
    asked_with = shop.offer(drawn[3])
    assert {shop.settled(upload)["status"] for upload in [*uploads, twice]} == {"indexed"}
    assert shop.settled(broken)["rejection"]["code"]
    assert shop.settled(asked_with)["status"] == "prepared"
    drained(shop.whole)
    assert shop.findings() == []

    found = shop.search(upload=asked_with, k=5).json()["neighbours"]
    assert (found[0]["item"]["id"], found[0]["reason"]) == ("item-3", "exact")
    hats = shop.search(item="item-3", filter=[{"any": ["category:hat"]}], k=len(drawn) // 2).json()["neighbours"]
    assert {each["item"]["id"] for each in hats} == {f"item-{n}" for n in range(0, len(drawn), 2)}
    picture = shop.http.get(f"/v1/photos/{found[0]['photo']}/thumbnail")
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/webp", b"RIFF")
    status = shop.http.get("/v1/status").json()
    assert status["uploads"] == {"indexed": len(drawn) + 1, "rejected": 1, "prepared": 1}


def test_a_shoppers_photo_carries_the_tag_by_which_the_bucket_forgets_it(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    sold, asked_with = shop.offer(drawn[0], "item"), shop.offer(drawn[1])
    cloud = shop.whole.cloud.rehearsed
    s3, bucket = cloud.clients.s3, cloud.outputs["photo_bucket"]

    def tags(upload: str) -> list[Any]:
        return s3.get_object_tagging(Bucket=bucket, Key=f"uploads/{shop.catalogue}/{upload}")["TagSet"]

    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert tags(asked_with) == [rules["forget-queries"]["Filter"]["Tag"]]
    assert rules["forget-queries"]["Expiration"] == {"Days": 1}
    assert tags(sold) == []


def test_a_form_without_its_tag_or_with_another_is_refused(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    query, sold = shop.request()["form"], shop.request("item")["form"]
    tagging = query["fields"]["tagging"]
    for form, changed in [
        ({**query, "fields": {name: value for name, value in query["fields"].items() if name != "tagging"}}, {}),
        (query, {"tagging": tagging.replace("query", "kept")}),
        (sold, {"tagging": tagging}),
    ]:
        assert shop.post(form, drawn[0], **changed).status_code == 403
    assert shop.post(query, drawn[0]).status_code == 204


def test_an_item_that_is_removed_is_gone_everywhere(shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("kept")
    shop.put_item("removed")
    shop.offer(drawn[0], "kept")
    removed = shop.offer(drawn[1], "removed")
    for offer in shop.offered:
        shop.settled(offer.upload)
    assert shop.http.delete("/v1/items/removed").status_code == 204
    assert shop.http.get(f"/v1/uploads/{removed}").status_code == 404
    shop.offered = shop.offered[:1]
    drained(shop.whole)
    assert shop.findings() == []


def test_a_requests_number_is_in_every_line_about_its_upload(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    upload = shop.offer(drawn[0], "item", **{"X-Request-Id": "number-of-my-own"})
    shop.settled(upload)
    drained(whole)
    uploads = whole.cloud.functions["uploads"].log()
    assert any(line.get("correlation_id") == "number-of-my-own" for line in lines(uploads))
    for function in ("prepare", "embed"):
        told = [line for line in lines(whole.cloud.functions[function].log()) if line.get("upload") == upload]
        assert told
        assert {line["correlation_id"] for line in told} == {"number-of-my-own"}


def test_functions_read_just_what_the_program_tells_them(whole: Rehearsal) -> None:
    for name, function in whole.cloud.functions.items():
        declared = {n for n in function.spec.environment if not n.startswith("POWERTOOLS_")}
        read = SETTINGS[name].variables() - Settings.variables()
        assert read - SETTINGS[name].optional() <= declared <= read


def test_no_token_and_no_body_is_written_into_a_log(whole: Rehearsal, shop: Shop) -> None:
    shop.put_item("a-telling-name")
    token = shop.http.headers["authorization"].removeprefix("Bearer ")
    logs = "".join(function.log() for function in whole.cloud.functions.values())
    assert logs
    assert token not in logs
    assert "a-telling-name" not in logs


def test_functions_do_what_their_roles_allow_and_nothing_else(whole: Rehearsal, shop: Shop, drawn: list[bytes]) -> None:
    shop.put_item("item")
    upload = shop.offer(drawn[0], "item")
    photo = shop.settled(upload)["photo"]
    shop.put_item("item", "dress", "colour:blue")
    for path in ("items", "items/item", "status", f"photos/{photo}/thumbnail", f"uploads/{upload}"):
        assert shop.http.get(f"/v1/{path}").status_code == 200
    assert shop.search(item="item").status_code == 200
    assert shop.search(upload=upload, region={"left": 0, "top": 0, "right": 0.5, "bottom": 1}).status_code == 200
    assert shop.http.delete("/v1/items/item").status_code == 204
    drained(whole)
    assert whole.cloud.gate.refused == []
