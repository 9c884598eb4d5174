"""Who may not is refused, over real HTTP, and learns nothing."""

import re
import time
from collections.abc import Callable

import httpx
import pytest

from infra.rehearsal.runner.issuer import Issuer, issuing, new_key
from lookalike.contract.routes import ROUTES
from tests.rehearsal.checker import objects
from tests.rehearsal.shop import Shop
from tests.rehearsal.whole import Rehearsal

PAST = 1_000_000_000
BAD = {
    "none": lambda _: None,
    "not a token": lambda _: "token",
    "of three parts": lambda _: "abc.def.ghi",
    "expired": lambda issuer: issuer.token("shop", exp=PAST),
    "without an end": lambda issuer: issuer.token("shop", exp=None),
    "not valid yet": lambda issuer: issuer.token("shop", nbf=int(time.time()) + 600),
    "another issuer's": lambda issuer: issuer.token("shop", iss="https://login.example/"),
    "another audience's": lambda issuer: issuer.token("shop", aud="another-api"),
    "another key's": lambda issuer: issuer.token("shop", key=new_key("first")),
    "without a catalogue": lambda issuer: issuer.token(None),
    "of no catalogue's name": lambda issuer: issuer.token("Not A Name"),
    "unsigned": lambda issuer: issuer.token("shop").rpartition(".")[0] + ".",
}
CLOSED = [(route.method, re.sub(r"{\w+}", "abcdefgh12345678", route.path)) for route in ROUTES if not route.public]


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_opens_nothing(whole: Rehearsal, kind: str) -> None:
    make: Callable[[Issuer], str | None] = BAD[kind]
    token = make(whole.cloud.issuer)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=whole.cloud.url, headers=headers, timeout=60) as client:
        for method, path in CLOSED:
            answer = client.request(method, path, json=None if method in {"GET", "DELETE"} else {})
            assert answer.status_code == 401, (method, path, answer.text)
            assert "shop" not in answer.text


def test_a_stranger_with_the_same_keys_name_is_refused(whole: Rehearsal) -> None:
    with issuing() as stranger:
        token = stranger.token("shop", iss=whole.cloud.issuer.url)
        answer = httpx.get(f"{whole.cloud.url}/v1/status", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert answer.status_code == 401


def test_a_good_token_opens_its_own_catalogue_only(open_shop: Callable[[], Shop], drawn: list[bytes]) -> None:
    mine, theirs = open_shop(), open_shop()
    theirs.put_item("item")
    upload = theirs.offer(drawn[0], "item")
    photo = theirs.settled(upload)["photo"]
    absent = f"{upload[:-1]}{'A' if upload[-1] != 'A' else 'B'}"
    for path in ("/v1/uploads/{}", "/v1/items/{}", "/v1/photos/{}/thumbnail"):
        name, missing = {"/v1/uploads/{}": (upload, absent), "/v1/items/{}": ("item", "none")}.get(
            path, (photo, photo[::-1])
        )
        refused, unknown = mine.http.get(path.format(name)), mine.http.get(path.format(missing))
        assert refused.status_code == unknown.status_code == 404
        assert refused.json()["type"] == unknown.json()["type"]
    assert mine.search(upload=upload).status_code == 404
    assert mine.search(item="item").status_code == 404
    assert mine.http.delete("/v1/items/item").status_code == 404
    assert mine.http.post("/v1/uploads", json={"content_type": "image/jpeg", "item": "item"}).status_code == 404
    assert mine.http.get("/v1/items").json()["items"] == []
    assert theirs.findings() == []


def test_a_catalogue_in_a_body_or_header_is_not_asked(open_shop: Callable[[], Shop]) -> None:
    mine, theirs = open_shop(), open_shop()
    named = {"catalogue": theirs.catalogue}
    answer = mine.http.get("/v1/status", headers={"X-Catalogue": theirs.catalogue, **named}, params={})
    assert answer.json()["catalogue"] == mine.catalogue
    assert mine.http.post("/v1/uploads", json={"content_type": "image/jpeg", **named}).status_code == 422


def test_health_is_for_everybody(whole: Rehearsal) -> None:
    assert httpx.get(f"{whole.cloud.url}/v1/health", timeout=60).json()["status"] == "ok"


def test_there_is_nothing_beside_the_routes(shop: Shop) -> None:
    assert shop.http.get("/v1/nothing").status_code == 404
    assert shop.http.patch("/v1/search").status_code == 404


@pytest.mark.parametrize(("origin", "let_in"), [("http://127.0.0.1:8000", True), ("https://evil.example", False)])
def test_only_pages_of_the_shop_may_read_answers(whole: Rehearsal, origin: str, let_in: bool) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    before = httpx.options(f"{whole.cloud.url}/v1/search", headers=asked, timeout=60)
    after = httpx.get(f"{whole.cloud.url}/v1/health", headers={"Origin": origin}, timeout=60)
    for answer in (before, after):
        assert (answer.headers.get("access-control-allow-origin") == origin) is let_in
    assert ("authorization" in before.headers.get("access-control-allow-headers", "")) is let_in


def test_a_form_brings_in_its_own_bytes_only(open_shop: Callable[[], Shop], drawn: list[bytes]) -> None:
    mine, theirs = open_shop(), open_shop()
    ticket = mine.request()
    form, own = ticket["form"], ticket["form"]["fields"]["key"]
    for fields in [
        {"key": f"uploads/{theirs.catalogue}/{ticket['upload']}"},
        {"key": own + "x"},
        {"key": own.replace("uploads", "prepared")},
        {"Content-Type": "text/html"},
        {"acl": "public-read"},
        {"success_action_redirect": "https://evil.example/"},
        {"policy": form["fields"]["policy"][:-4] + "AAAA"},
        {"x-amz-signature": "0" * 64},
        {"x-amz-credential": form["fields"]["x-amz-credential"].replace("eu-central-1", "us-east-1")},
    ]:
        answer = mine.post(form, drawn[0], **fields)
        assert answer.status_code == 403, (fields, answer.text)
    assert objects(mine.whole, mine.catalogue) == objects(mine.whole, theirs.catalogue) == []
    assert mine.post(form, drawn[0]).status_code == 204


def test_a_form_takes_no_more_bytes_than_it_says(shop: Shop) -> None:
    ticket = shop.request()
    answer = shop.post(ticket["form"], b"\0" * (ticket["form"]["max_bytes"] + 1))
    assert (answer.status_code, "EntityTooLarge" in answer.text) == (400, True)
    assert objects(shop.whole, shop.catalogue) == []


def test_a_form_for_longer_than_ten_minutes_is_not_made(shop: Shop) -> None:
    ticket = shop.request()
    lifetime = time.mktime(time.strptime(ticket["form"]["expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(
        time.gmtime()
    )
    assert 0 < lifetime <= 600


@pytest.mark.parametrize("without", ["policy", "x-amz-signature"])
def test_nothing_comes_in_unsigned(shop: Shop, drawn: list[bytes], without: str) -> None:
    form = shop.request()["form"]
    fields = {name: value for name, value in form["fields"].items() if name != without}
    assert shop.post({**form, "fields": fields}, drawn[0]).status_code == 403
    assert objects(shop.whole, shop.catalogue) == []
