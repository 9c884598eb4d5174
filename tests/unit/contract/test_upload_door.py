"""Photos through the upload door: the form is all the permission there is."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Barrier
from typing import Any

import httpx
import pytest
from browsing import Browse, ask_for_form, connect, drip, hear, problem
from fake_shop import OTHER, Shop, picture
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lookalike.contract.asgi import Site, build_app

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)


def test_a_photo_comes_in_by_its_form_and_finds_its_like(browse: Browse, site: Site, stocked: Shop) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    sent = client.post(url, data=fields, files={"file": ("me.jpg", picture("blue"), "image/jpeg")})
    assert (sent.status_code, sent.content) == (204, b"")
    upload = url.split("/")[3]
    assert client.get(f"/v1/uploads/{upload}").json()["status"] == "received"
    found = client.post("/v1/search", json={"upload": upload}).json()
    assert found["neighbours"][0]["item"]["id"] == "blue-dress"
    stocked.work()
    assert client.get(f"/v1/uploads/{upload}").json()["status"] == "prepared"
    again = client.post(url, data=fields, files={"file": picture("blue")})
    assert again.status_code == 409


@pytest.mark.parametrize(
    "change", ["key", "policy", "Content-Type", "x-lookalike-signature", "missing", "more", "late", "url"]
)
def test_a_form_that_was_tampered_with_is_refused(browse: Browse, site: Site, stocked: Shop, change: str) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    if change in fields:
        fields[change] = fields[change][:-2] + ("AA" if not fields[change].endswith("AA") else "BB")
    elif change == "missing":
        del fields["policy"]
    elif change == "more":
        fields["acl"] = "public-read"
    elif change == "late":
        stocked.clock.advance(601)
    else:
        url = ask_for_form(client)[0]
    refused = client.post(url, data=fields, files={"file": picture("red")})
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert stocked.received.pointers == []


def test_a_form_of_another_catalogue_brings_the_photo_there(browse: Browse, site: Site, stocked: Shop) -> None:
    ticket = stocked.services.request_upload(OTHER, "image/jpeg")
    sent = browse(site).post(ticket.form.url, data=dict(ticket.form.fields), files={"file": picture("red")})
    assert sent.status_code == 204
    assert [pointer.catalogue for pointer in stocked.received.pointers] == [OTHER]
    assert browse(site).get(f"/v1/uploads/{ticket.upload.id}").status_code == 404


BOUNDARY = {"content-type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", BOUNDARY, 400),
        (b"nonsense", BOUNDARY, 400),
        (b"--b\r\n\r\n", BOUNDARY, 400),
        (b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * 30_000, BOUNDARY, 400),
        (b"--b\r\nX: " + b"y" * 30_000, BOUNDARY, 400),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ndata\r\n--b--\r\n', BOUNDARY, 403),
        (b"--b", {"content-type": f"multipart/form-data; boundary={'b' * 71}"}, 400),
        (b"--b", {"content-type": f"multipart/form-data; boundary={'b' * 257}"}, 400),
        (b"--b", {"content-type": f"multipart/form-data; boundary={'b' * 20_000}"}, 400),
        (b"{}", {"content-type": "application/json"}, 415),
        (b"x", {"content-type": "multipart/form-data"}, 415),
    ],
)
def test_a_broken_form_is_refused(
    browse: Browse, site: Site, body: bytes, headers: dict[str, str], status: int
) -> None:
    client = browse(site)
    url, _ = ask_for_form(client)
    response = client.post(url, content=body, headers=headers)
    assert response.status_code == status, response.text
    assert response.json()["status"] == status


# What a form is made of, so that fuzzed ones get past the first check.
_PIECES = (
    b"--b",
    b"--b--",
    b"\r\n",
    b"\r\n\r\n",
    b'Content-Disposition: form-data; name="file"',
    b'Content-Disposition: form-data; name="policy"',
    b"Content-Disposition: form-data; name=",
    b"Content-Disposition",
    b": ",
    b"\xff\xfe\x00",
)
_BODIES = st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=20)), max_size=30).map(b"".join)
_TYPES = st.one_of(
    st.just(BOUNDARY["content-type"]),
    st.builds("multipart/form-data; boundary={}".format, st.text(st.characters(min_codepoint=32, max_codepoint=126))),
    st.builds(
        "multipart/form-data; {}={}".format, st.sampled_from(["boundary", "b*"]), st.sampled_from(['"', '";;', ""])
    ),
)


def test_no_form_however_fuzzed_gives_more_than_a_refusal(browse: Browse, site: Site) -> None:
    client = browse(replace(site, max_uploads=1))
    url, fields = ask_for_form(client)
    whole = client.build_request("POST", url, data=fields, files={"file": picture("red")})
    good, kind = whole.read(), whole.headers["content-type"]

    def refused(body: bytes, content_type: str) -> None:
        response = client.post(url, content=body, headers={"content-type": content_type})
        assert 400 <= response.status_code < 500, response.text
        assert response.json()["status"] == response.status_code

    @settings(max_examples=150, deadline=None)
    @given(_BODIES, _TYPES)
    def fuzz(body: bytes, content_type: str) -> None:
        refused(body, content_type.strip())

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(good) - 60), st.binary(min_size=1, max_size=9), st.booleans())
    def mutate(at: int, piece: bytes, cut: bool) -> None:
        signature = good.index(fields["policy"].encode())
        at = min(at, signature + len(fields["policy"]) - 1)  # up to there any change spoils the form
        changed = good[:at] + piece + (b"" if cut else good[at + len(piece) :])
        assume(changed != good)
        response = client.post(url, content=changed, headers={"content-type": kind})
        assert response.status_code == 204 or 400 <= response.status_code < 500, response.text

    fuzz()
    mutate()


def test_fields_twice_or_no_file_or_half_a_file_are_refused(browse: Browse, site: Site, stocked: Shop) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    twice = client.post(url, data={**fields, "key": [fields["key"], fields["key"]]}, files={"file": b"x"})
    assert twice.status_code == 400
    parts = {name: (None, value) for name, value in fields.items()}
    assert client.post(url, files=parts).status_code == 400
    whole = client.build_request("POST", url, data=fields, files={"file": picture("red")})
    body = whole.read()[:-20]
    half = client.post(url, content=body, headers={"content-type": whole.headers["content-type"]})
    assert half.status_code == 400
    assert stocked.received.pointers == []


def test_a_file_that_is_too_large_is_cut_off_while_it_comes(browse: Browse, site: Site, stocked: Shop) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    whole = client.build_request("POST", url, data=fields, files={"file": b"x"})
    head = whole.read().partition(b"\r\nx\r\n")[0]
    sent = 0

    async def stream() -> list[Any]:
        nonlocal sent
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            nonlocal sent
            chunk = head + b"\r\n" if sent == 0 else b"x" * 50_000
            sent += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": url,
            "raw_path": url.encode(),
            "query_string": b"",
            "headers": [
                (b"host", b"localhost"),
                (b"transfer-encoding", b"chunked"),
                (b"content-type", whole.headers["content-type"].encode()),
            ],
            "scheme": "http",
            "server": ("localhost", 80),
            "http_version": "1.1",
            "root_path": "",
        }
        await build_app(site)(scope, receive, send)
        return messages

    messages = asyncio.run(stream())
    assert messages[0]["status"] == 400
    assert (b"connection", b"close") in messages[0]["headers"]
    # What is dropped so that the client hears why (24 MiB), and the slack of a chunk: never without end.
    assert sent < stocked.limits.max_bytes + 25_300_000
    assert stocked.received.pointers == []


def test_exactly_as_many_bytes_as_allowed_come_in(browse: Browse, site: Site, stocked: Shop) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    most = stocked.limits.max_bytes
    assert client.post(url, data=fields, files={"file": b"x" * (most + 1)}).status_code == 400
    assert client.post(url, data=fields, files={"file": b"x" * most}).status_code == 204


def test_the_upload_door_needs_the_form_and_no_token(browse: Browse, site: Site) -> None:
    guarded = replace(site, token=TOKEN)
    url, fields = ask_for_form(browse(guarded, authorization=f"Bearer {TOKEN}"))
    assert browse(guarded).post(url, data=fields, files={"file": picture("red")}).status_code == 204


def test_photos_beyond_the_limit_are_refused_at_once(browse: Browse, site: Site) -> None:
    client = browse(replace(site, max_uploads=0))
    url, fields = ask_for_form(client)
    refused = client.post(url, data=fields, files={"file": picture("red")})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


def opening(client: httpx.Client) -> tuple[str, bytes]:
    """A good form's address, and what a request with it sends up to the photo's first byte."""
    url, fields = ask_for_form(client)
    request = client.build_request("POST", url, data=fields, files={"file": b"@"})
    head = f"POST {url} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {request.headers['content-type']}\r\n"
    return url, f"{head}Content-Length: 90000\r\n\r\n".encode() + request.read().partition(b"@")[0]


def test_who_has_shown_no_form_holds_no_slot(browse: Browse, site: Site) -> None:
    client = browse(replace(site, max_uploads=1))
    _, begun = opening(client)
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(connect(client.base_url)).sendall(begun[:-400])
        url, fields = ask_for_form(client)
        assert client.post(url, data=fields, files={"file": picture("red")}).status_code == 204


@pytest.mark.parametrize("shown", [slice(None), slice(-400)], ids=["with a form", "without"])
def test_a_photo_that_trickles_in_is_given_up(browse: Browse, site: Site, shown: slice) -> None:
    client = browse(replace(site, form_seconds=0.3))
    with connect(client.base_url) as connection:
        connection.sendall(opening(client)[1][shown])
        status, headers, _ = problem(drip(connection, b"x"))
        assert (status, headers["retry-after"]) == (408, "1")


@pytest.mark.skipif(sys.platform != "linux", reason="platform: 127.0.0.2 answers on Linux only")
def test_no_address_has_every_upload_slot(browse: Browse, site: Site) -> None:
    client = browse(replace(site, max_uploads=4))
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(client.base_url, "127.0.0.2")).sendall(opening(client)[1])
        # The fourth is refused: by then all three were admitted.
        while True:
            more = stack.enter_context(connect(client.base_url, "127.0.0.2"))
            more.sendall(opening(client)[1])
            more.settimeout(5)
            try:
                status, headers, _ = problem(hear(more))
            except TimeoutError:
                continue
            assert (status, headers["retry-after"]) == (429, "1")
            break
        url, fields = ask_for_form(client)
        assert client.post(url, data=fields, files={"file": picture("red")}).status_code == 204


def test_of_a_form_sent_many_times_at_once_one_gets_204(browse: Browse, site: Site) -> None:
    client = browse(site)
    url, fields = ask_for_form(client)
    barrier = Barrier(6)

    def send(n: int) -> int:
        barrier.wait(30)
        return client.post(url, data=fields, files={"file": picture("red") + bytes([n])}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [204, 409, 409, 409, 409, 409]
