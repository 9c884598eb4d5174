"""What the SDK makes of servers that are busy, broken or no Lookalikes."""

import ssl
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from lookalike import errors
from lookalike.client import HttpCatalogue
from lookalike.client.address import shown
from lookalike.client.async_transport import _is_for_good
from lookalike.client.transport import Transport
from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId

HEALTHY = b'{"catalogue":"shop","items":0,"photos":0,"uploads":{},"generations":[],"bytes_on_disk":0,"newer":1}'
BUSY = b'{"type":"urn:lookalike:problem:overloaded","title":"t","status":429,"detail":"too busy"}'
GONE = b'{"type":"urn:lookalike:problem:not-found","title":"t","status":404,"detail":"no such item"}'
OK = (200, {}, HEALTHY)
SKU = ItemId("sku")
PHOTO = PhotoId.of(b"photo")


def hang_up(handler: Any) -> None:
    """Close the connection where an answer was due."""
    del handler


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_faults_that_pass_are_tried_again(scripted: Any, waits: Any, status: int) -> None:
    url, asked = scripted((status, {"Retry-After": "3"}, BUSY), (status, {}, b"no document"), OK)
    with HttpCatalogue(url, "secret", timing=waits.timing) as catalogue:
        assert catalogue.status().catalogue == "shop"
    assert asked == ["GET /shop/v1/status Bearer secret"] * 3
    assert waits.pauses == [3 + 4, 1 + 8]


@pytest.mark.parametrize("status", [301, 400, 403, 404, 408, 409, 413, 422, 501, 505, 511])
def test_faults_that_do_not_pass_are_told_at_once(scripted: Any, waits: Any, status: int) -> None:
    url, asked = scripted((status, {"Retry-After": "0"}, b""), OK)
    with HttpCatalogue(url, timing=waits.timing) as catalogue, pytest.raises(errors.LookalikeError):
        catalogue.status()
    assert len(asked) == 1


def test_tries_end_with_what_the_server_said_last(scripted: Any, waits: Any) -> None:
    url, asked = scripted((429, {"Retry-After": "0"}, BUSY))
    with (
        HttpCatalogue(url, timing=waits.timing, deadline=600) as catalogue,
        pytest.raises(errors.OverloadedError, match="too busy") as caught,
    ):
        catalogue.status()
    assert len(asked) == 4
    assert waits.pauses == [0.1 + 4, 0.1 + 8, 0.1 + 16]
    assert caught.value.retry_after == 0


def test_a_wait_beyond_the_deadline_is_not_begun(scripted: Any, waits: Any) -> None:
    url, asked = scripted((503, {"Retry-After": "61"}, b""))
    with HttpCatalogue(url, timing=waits.timing) as catalogue, pytest.raises(errors.UnavailableError) as caught:
        catalogue.status()
    assert (len(asked), waits.pauses, caught.value.retry_after) == (1, [], 61)


def test_of_several_retry_after_the_longest_holds(scripted: Any, waits: Any) -> None:
    date = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "2\nSun Nov  6 08:49:57 1994\nsoon"}
    url, _ = scripted((429, date, BUSY), OK)
    with HttpCatalogue(url, timing=waits.timing) as catalogue:
        catalogue.status()
    assert waits.pauses == [20 + 4]


def test_connections_that_break_are_made_anew(scripted: Any, waits: Any) -> None:
    url, asked = scripted(hang_up, hang_up, OK)
    with HttpCatalogue(url, timing=waits.timing) as catalogue:
        assert catalogue.status().catalogue == "shop"
    assert len(asked) == 3


def test_a_post_is_repeated_only_where_that_is_said_to_be_safe(scripted: Any, waits: Any) -> None:
    for answer, safe, times in [
        (hang_up, False, 1),
        (hang_up, True, 2),
        ((503, {}, b""), False, 1),
        ((503, {}, b""), True, 2),
        ((429, {}, b""), False, 2),  # refused before it was begun
    ]:
        url, asked = scripted(answer, OK)
        told = pytest.raises(errors.UnavailableError) if times == 1 else nullcontext()
        with closing(Transport(url, timing=waits.timing)) as transport, told:
            transport.call("POST", "v1/orders", safe=safe)
        assert len(asked) == times


def test_a_delete_whose_answer_was_lost_removed_what_was_there(scripted: Any, waits: Any) -> None:
    for lost in (hang_up, (504, {}, b""), (503, {}, b"")):
        url, _ = scripted(lost, (429, {}, BUSY), (404, {}, GONE))
        with HttpCatalogue(url, timing=waits.timing) as catalogue:
            assert catalogue.remove_items([SKU]) == [SKU]
        url, _ = scripted(lost, (404, {}, GONE))
        with HttpCatalogue(url, timing=waits.timing) as catalogue:
            assert catalogue.remove_photos([(SKU, PHOTO)]) == [(SKU, PHOTO)]


def test_a_change_whose_answer_was_lost_is_made_again(scripted: Any, waits: Any) -> None:
    url, asked = scripted(hang_up, (200, {}, b'{"unknown":[]}'))
    with HttpCatalogue(url, timing=waits.timing) as catalogue:
        assert catalogue.update_items([ItemPatch(SKU, title="Hat")]) == []
    assert asked == ["PATCH /shop/v1/items None"] * 2


def test_pages_that_go_in_a_circle_end(scripted: Any) -> None:
    url, asked = scripted((200, {}, b'{"items":[],"next":"sku"}'))
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.InvalidRequestError, match="in a circle"):
        catalogue.list_items()
    assert len(asked) == 2


def test_a_delete_that_was_never_begun_removed_nothing(scripted: Any, waits: Any) -> None:
    url, _ = scripted((429, {}, BUSY), (404, {}, GONE))
    with HttpCatalogue(url, timing=waits.timing) as catalogue:
        assert catalogue.remove_items([SKU]) == []


def test_a_photo_that_is_there_when_its_answer_was_lost_is_no_error(scripted: Any, waits: Any) -> None:
    url, asked = scripted(hang_up, (409, {}, b""))
    with closing(Transport(url, timing=waits.timing)) as transport, pytest.raises(errors.ConflictError):
        transport.post_form("form", {"key": "value"}, b"photo")  # `Uploads.bring` takes the error for what it is
    assert asked == ["POST /shop/form None"] * 2


@pytest.mark.parametrize(
    "body",
    [b"<html>Welcome</html>", b"{}", b"[]", b"", HEALTHY[:-9], HEALTHY.decode().encode("utf-16"), b"\xff\xfe"],
    ids=["page", "object", "list", "nothing", "cut", "utf-16", "no text"],
)
def test_another_kind_of_server_is_recognised(scripted: Any, body: bytes) -> None:
    url, asked = scripted((200, {}, body))
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.InvalidRequestError, match="as a Lookalike"):
        catalogue.status()
    assert len(asked) == 1


def test_no_page_of_a_captive_portal_is_taken_for_success(scripted: Any) -> None:
    url, _ = scripted((200, {"Content-Type": "text/html"}, b"\n<!DOCTYPE html>Log in"))
    with HttpCatalogue(url) as catalogue:
        for call in (
            lambda: catalogue.put_items([Item(SKU, "hat")]),
            lambda: catalogue.remove_items([SKU]),
            lambda: catalogue.thumbnail(PhotoId.of(b"photo")),
            lambda: catalogue._transport.post_form("form", {}, b"photo"),
        ):
            with pytest.raises(errors.InvalidRequestError, match="is a web page"):
                call()


def test_a_thumbnail_is_a_picture(scripted: Any) -> None:
    url, _ = scripted((200, {}, b"no picture"))
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.InvalidRequestError, match="no WebP"):
        catalogue.thumbnail(PhotoId.of(b"photo"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(scripted: Any, status: int) -> None:
    elsewhere, stolen = scripted(OK)
    url, _ = scripted((status, {"Location": elsewhere}, b""))
    with HttpCatalogue(url, "secret") as catalogue, pytest.raises(errors.InvalidRequestError, match=elsewhere):
        catalogue.status()
    assert stolen == []


def test_a_redirect_to_no_address_is_not_tried_again(scripted: Any, waits: Any) -> None:
    url, asked = scripted((302, {"Location": "http://127.0.0.1:1/x\x01"}, b""))
    with HttpCatalogue(url, timing=waits.timing) as catalogue, pytest.raises(errors.UnavailableError, match="location"):
        catalogue.status()
    assert len(asked) == 1


def test_an_error_names_the_place_that_was_asked(waits: Any) -> None:
    transport = Transport("http://127.0.0.1:1", timing=waits.timing)
    with pytest.raises(errors.UnavailableError, match=r"upload endpoint http://[^ ]*:2/bucket does not"):
        transport.post_form("http://127.0.0.1:2/bucket", {}, b"photo")
    for url in ("http://[::1", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"):
        with pytest.raises(errors.InvalidRequestError, match="catalogue"):
            transport.post_form(url, {}, b"photo")


def test_nobody_there(waits: Any) -> None:
    with (
        HttpCatalogue("http://127.0.0.1:1", timing=waits.timing) as catalogue,
        pytest.raises(errors.UnavailableError, match="does not answer"),
    ):
        catalogue.status()
    assert len(waits.pauses) == 3


def test_a_wrong_certificate_does_not_pass() -> None:
    outer = ConnectionError("outer")
    outer.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert _is_for_good(outer)
    assert not _is_for_good(ConnectionError("outer"))


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:80", "http://", "", "http://[::1", "http://host:99999", "http://host:0"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="catalogue"):
        HttpCatalogue(url)


@pytest.mark.parametrize("url", ["http://shop.example", "http://10.0.0.7:8080", "http://localhost.example"])
def test_a_token_does_not_cross_a_network_in_the_clear(url: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="plain http") as caught:
        HttpCatalogue(url, "top-secret")
    assert "top-secret" not in str(caught.value)
    with pytest.raises(errors.InvalidRequestError, match="plain http") as caught:
        HttpCatalogue(url.replace("//", "//user:pass-word@"))
    assert "pass-word" not in str(caught.value)
    HttpCatalogue(url, "top-secret", allow_insecure=True).close()
    with pytest.raises(errors.InvalidRequestError, match="one of the two"):
        HttpCatalogue(url.replace("//", "//user:pass-word@"), "top-secret", allow_insecure=True)
    HttpCatalogue(url).close()
    HttpCatalogue(url.replace("http:", "https:"), "top-secret").close()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "shop.localhost", "127.0.0.1", "127.8.8.8:80", "[::1]:80"])
def test_a_token_may_go_to_this_machine(host: str) -> None:
    HttpCatalogue(f"http://{host}", "secret").close()


@pytest.mark.parametrize("token", ["two words", "line\n", "schlüssel", "nul\0"])
def test_a_token_that_no_header_carries_is_not_echoed(token: str) -> None:
    with pytest.raises(errors.InvalidRequestError, match="token") as caught:
        HttpCatalogue("https://shop.example", token)
    assert token not in str(caught.value)


def test_passwords_are_not_shown() -> None:
    transport = Transport("https://user:pass-word@shop.example/api")
    assert shown(transport._inner._url) == "https://shop.example/api/"


def test_connect_takes_the_bounds(scripted: Any) -> None:
    url, _ = scripted(OK)
    with connect(url.replace("http", "HTTP"), timeout=5, deadline=20, allow_insecure=True) as catalogue:
        assert catalogue.status().catalogue == "shop"
    with pytest.raises(errors.InvalidRequestError, match="deadline"):
        connect(url, deadline=0)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_bounds_are_checked(seconds: float) -> None:
    for bound in ({"timeout": seconds}, {"deadline": seconds}):
        with pytest.raises(errors.InvalidRequestError, match="seconds above 0"):
            HttpCatalogue("https://shop.example", **bound)


def test_a_path_object_names_a_folder(tmp_path: Path) -> None:
    with connect(tmp_path / "shop") as catalogue:
        assert catalogue.status().items == 0
    with connect(str(tmp_path / "shop"), create=False) as catalogue:
        assert catalogue.status().items == 0


@pytest.mark.parametrize("where", [None, 7, b"shop", ["shop"], "", "ftp://shop", "a\0b", Path("a\0b")])
def test_what_names_no_catalogue_is_refused(where: Any) -> None:
    with pytest.raises(errors.InvalidRequestError) as refused:
        connect(where)
    assert refused.value.field == "catalogue"
