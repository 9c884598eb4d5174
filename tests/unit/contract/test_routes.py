"""What each route does when it is asked properly."""

import re

import pytest
from fake_shop import OTHER, SHOP, Shop, picture, told

from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId


def test_an_upload_goes_from_form_to_status(shop: Shop) -> None:
    response = shop.ask("POST", "/v1/uploads", {"content_type": "image/jpeg"})
    ticket = told(response)
    assert response.status == 201
    assert response.headers["Location"] == f"/v1/uploads/{ticket['upload']}"
    assert ticket["form"]["max_bytes"] == shop.limits.max_bytes
    assert ticket["form"]["fields"]["Content-Type"] == "image/jpeg"
    assert ticket["form"]["expires_at"] == "2026-01-01T00:10:00+00:00"
    status = told(shop.ask("GET", response.headers["Location"]))
    assert (status["status"], status["is_final"], status["photo"]) == ("requested", False, None)


def test_a_rejected_upload_says_why(shop: Shop) -> None:
    upload = shop.bring(b"not a picture at all")
    shop.work()
    status = told(shop.ask("GET", f"/v1/uploads/{upload}"))
    assert status["status"] == "rejected"
    assert status["rejection"] == {"code": "not_an_image", "detail": "The file is not an image."}


def test_search_by_upload_finds_the_same_photo_first(stocked: Shop) -> None:
    upload = stocked.bring(picture("red"))
    response = stocked.ask("POST", "/v1/search", {"upload": upload, "k": 2})
    found = told(response)
    best, second = found["neighbours"]
    assert response.status == 200
    assert best["item"]["id"] == "red-dress"
    assert best["item"]["labels"] == ["colour:red"]
    assert (best["reason"], best["rank"], second["rank"]) == ("exact", 1, 2)
    assert best["score"] == pytest.approx(1)
    assert best["thumbnail"] == f"/v1/photos/{PhotoId.of(picture('red'))}/thumbnail"
    assert found["guess"]["category"] in stocked.embedder.facts.categories
    assert found["model"] == stocked.embedder.facts.version


def test_search_by_item_leaves_it_out_and_filters(stocked: Shop) -> None:
    every = told(stocked.ask("POST", "/v1/search", {"item": "red-dress"}))
    assert {n["item"]["id"] for n in every["neighbours"]} == {"blue-dress", "red-shirt"}
    assert every["guess"] is None
    clauses = [{"any": ["colour:red", "colour:green"]}, {"none": ["category:dress"]}]
    some = told(stocked.ask("POST", "/v1/search", {"item": "red-dress", "filter": clauses}))
    assert [n["item"]["id"] for n in some["neighbours"]] == ["red-shirt"]


def test_search_by_vector_and_by_region(stocked: Shop) -> None:
    model = str(stocked.embedder.facts.version)
    near = told(stocked.ask("POST", "/v1/search", {"vector": [1.0] * 256, "model": model, "k": 1}))
    assert len(near["neighbours"]) == 1
    region = {"left": 0.1, "top": 0.1, "right": 0.9, "bottom": 0.9}
    part = told(stocked.ask("POST", "/v1/search", {"upload": stocked.bring(picture("red")), "region": region}))
    assert part["neighbours"][0]["reason"] == "similar"


def test_items_are_put_read_listed_and_deleted(shop: Shop) -> None:
    attributes = {"price": 19.5, "stock": 3, "new": True, "brand": "2026-01-31", "since": {"date": "2026-01-31"}}
    items = [
        {
            "id": f"sku-{n}",
            "category": "Dress",
            "title": f"No {n}",
            "labels": ["Colour: Dark Red"],
            "attributes": attributes,
        }
        for n in range(3)
    ]
    assert shop.ask("PUT", "/v1/items", {"items": items}).status == 204
    one = told(shop.ask("GET", "/v1/items/sku-1"))
    assert one == {**items[1], "category": "dress", "labels": ["colour:dark-red"], "url": None, "photos": []}
    page = told(shop.ask("GET", "/v1/items?limit=2"))
    assert ([item["id"] for item in page["items"]], page["next"]) == (["sku-0", "sku-1"], "sku-1")
    rest = told(shop.ask("GET", "/v1/items?after=sku-1&limit=2"))
    assert ([item["id"] for item in rest["items"]], rest["next"]) == (["sku-2"], None)
    assert shop.ask("DELETE", "/v1/items/sku-1").status == 204
    assert shop.ask("GET", "/v1/items/sku-1").status == 404
    assert shop.ask("DELETE", "/v1/items/sku-1").status == 404


def test_item_ids_may_need_escaping(shop: Shop) -> None:
    assert shop.ask("PUT", "/v1/items", {"items": [{"id": "a:b+c@d", "category": "hat"}]}).status == 204
    assert told(shop.ask("GET", "/v1/items/a%3Ab%2Bc%40d"))["id"] == "a:b+c@d"
    assert told(shop.ask("GET", "/v1/items/a:b+c@d"))["id"] == "a:b+c@d"


def test_a_merge_patch_changes_what_it_names_and_null_clears(shop: Shop) -> None:
    whole = {"category": "hat", "title": "Hat", "labels": ["colour:red"], "url": "https://shop/a"}
    item = {"id": "a", **whole, "attributes": {"price": 2.5, "sale": True}}
    shop.ask("PUT", "/v1/items", {"items": [item]})
    change = {"id": "a", "title": None, "labels": None, "url": None, "attributes": {"sale": None, "price": 3}}
    changes = [change, {"id": "b", "category": "dress"}, {"id": "nobody", "title": "x"}]
    response = shop.ask("PATCH", "/v1/items", {"items": changes})
    assert (response.status, told(response)) == (200, {"unknown": ["nobody"]})
    now = told(shop.ask("GET", "/v1/items/a"))
    assert (now["category"], now["title"], now["labels"], now["url"]) == ("hat", "", [], None)
    assert now["attributes"] == {"price": 3}
    assert told(shop.ask("GET", "/v1/items/b"))["category"] == "dress"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"category": None}, "items[0].category"),
        ({"attributes": None}, "items[0].attributes"),
        ({"attributes": {"price": [1]}}, "items[0].attributes.price"),
        ({"labels": ["category:hat"]}, "items[0].labels"),
        ({"url": "shop"}, "items[0].url"),
        ({"colour": "red"}, "items[0].colour"),
    ],
)
def test_a_merge_patch_that_cannot_be_is_told_where(shop: Shop, change: dict[str, object], field: str) -> None:
    response = shop.ask("PATCH", "/v1/items", {"items": [{"id": "a", **change}]})
    assert (response.status, told(response)["field"]) == (422, field)


def test_a_photo_is_taken_out_of_an_item_once(stocked: Shop) -> None:
    path = f"/v1/items/red-dress/photos/{PhotoId.of(picture('red'))}"
    assert [stocked.ask("DELETE", path).status for _ in range(2)] == [204, 404]
    assert told(stocked.ask("GET", "/v1/items/red-dress"))["photos"] == []
    assert stocked.ask("DELETE", "/v1/items/red-dress/photos/none").status == 422


def test_an_id_that_is_refused_today_can_be_deleted_where_it_is_stored(shop: Shop) -> None:
    shop.items.put_many(SHOP, [Item(ItemId.stored("SKU 12/3"), "hat")])
    assert [shop.ask("DELETE", "/v1/items/SKU%2012%2F3").status for _ in range(2)] == [204, 422]


def test_a_thumbnail_may_be_kept_for_ever_by_its_reader_alone(stocked: Shop) -> None:
    response = stocked.ask("GET", f"/v1/photos/{PhotoId.of(picture('red'))}/thumbnail")
    assert response.body[8:12] == b"WEBP"
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_status_counts(stocked: Shop) -> None:
    status = told(stocked.ask("GET", "/v1/status"))
    assert (status["catalogue"], status["items"], status["photos"]) == ("shop", 3, 3)
    assert status["uploads"] == {"indexed": 3}
    assert [g["live"] for g in status["generations"]] == [True]


def test_anybody_may_ask_for_health_and_learns_no_more(stocked: Shop) -> None:
    response = stocked.ask("GET", "/v1/health", catalogue=None)
    assert told(response) == {"status": "ok", "model": "fake-000000000000-p1", "generation": None}


def test_search_tells_its_stage_times(stocked: Shop) -> None:
    response = stocked.ask("POST", "/v1/search", {"upload": stocked.bring(picture("red"))})
    timing = response.headers["Server-Timing"]
    assert re.fullmatch(r"(\w+;dur=\d+\.\d\d)(, \w+;dur=\d+\.\d\d)*", timing)
    took = {name: float(dur) for name, dur in (part.split(";dur=") for part in timing.split(", "))}
    assert list(took) == ["decode", "embed", "search", "describe", "total"]
    assert sum(took.values()) - took["total"] <= took["total"]


def test_a_request_keeps_its_number(shop: Shop) -> None:
    given = shop.ask("GET", "/v1/health", headers={"x-request-id": "order-66.a"})
    assert given.headers["X-Request-Id"] == "order-66.a"
    made = [
        shop.ask("GET", "/v1/health", headers={"x-request-id": bad}).headers["X-Request-Id"] for bad in ("a\nb", "")
    ]
    assert all(re.fullmatch("[0-9a-f]{32}", number) for number in made)
    assert made[0] != made[1]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/items/red-dress", None),
        ("DELETE", "/v1/items/red-dress", None),
        ("GET", f"/v1/photos/{PhotoId.of(picture('red'))}/thumbnail", None),
        ("POST", "/v1/search", {"item": "red-dress"}),
        ("POST", "/v1/uploads", {"content_type": "image/jpeg", "item": "red-dress"}),
    ],
)
def test_another_catalogues_things_are_not_there(stocked: Shop, method: str, path: str, body: object) -> None:
    stocked.sell("hat", picture("green"), catalogue=OTHER)
    foreign = stocked.ask(method, path, body, catalogue=OTHER)
    missing = stocked.ask(method, path.replace("red-dress", "no-dress"), body, catalogue=OTHER)
    assert foreign.status == missing.status == 404
    assert set(told(foreign)) == set(told(missing))
    assert stocked.ask("GET", "/v1/items/red-dress").status == 200


def test_another_catalogues_upload_is_not_there(stocked: Shop) -> None:
    upload = stocked.bring(picture("red"))
    assert stocked.ask("GET", f"/v1/uploads/{upload}", catalogue=OTHER).status == 404
    assert stocked.ask("POST", "/v1/search", {"upload": upload}, catalogue=OTHER).status == 404
    stocked.sell("hat", picture("red"), catalogue=OTHER)
    found = told(stocked.ask("POST", "/v1/search", {"upload": upload, "k": 1000}))
    assert {n["item"]["id"] for n in found["neighbours"]} == {"red-dress", "blue-dress", "red-shirt"}
    assert [i["id"] for i in told(stocked.ask("GET", "/v1/items", catalogue=OTHER))["items"]] == ["hat"]
