"""The ASGI host: who may ask, and how much at once."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

import httpx
import pytest
from browsing import NO_TLS, Browse, ask_for_form, connect, hear, problem
from fake_shop import Shop, picture

from lookalike.contract.arrival import Buffer
from lookalike.contract.asgi import Site
from lookalike.contract.serve import LoopErrors, check_binding, run
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.errors import InvalidRequestError, OverloadedError
from tests.serving import serving

TOKEN = "a-token-of-some-length"  # noqa: S105 (made up)


def test_without_a_token_foreign_names_are_turned_away(browse: Browse, site: Site) -> None:
    client = browse(site)
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "192.168.0.7:8080", "0.0.0.0"):  # noqa: S104
        for path in ("/", "/v1/items", "/v1/health", "/v1/uploads/x/bytes"):
            response = client.get(path, headers={"host": host})
            assert (response.status_code, response.json()["status"]) == (403, 403), (host, path)


def test_this_machines_names_are_let_in(browse: Browse, site: Site) -> None:
    client = browse(site)
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.0.0.2"):
        assert client.get("/v1/items", headers={"host": host}).status_code == 200, host


def test_a_token_is_asked_for_where_one_is_set(browse: Browse, site: Site) -> None:
    guarded = replace(site, token=TOKEN)
    for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"authorization": f"Basic {TOKEN}"}):
        response = browse(guarded, **given).get("/v1/items")
        assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="lookalike"')
    assert browse(guarded, authorization=f"bearer {TOKEN}").get("/v1/items").status_code == 200
    assert browse(guarded, host="shop.example").get("/v1/health").status_code == 200
    assert TOKEN not in repr(guarded)


def test_short_tokens_are_no_tokens(site: Site) -> None:
    for short in ("", "secret", "ü" * 20):
        with pytest.raises(InvalidRequestError, match="token"):
            replace(site, token=short)


def test_bodies_beyond_the_limit_are_not_read(browse: Browse, site: Site) -> None:
    client = browse(site)
    assert (
        client.post("/v1/search", content=b" " * 70_000, headers={"content-type": "application/json"}).status_code
        == 413
    )
    endless = (b" " * 10_000 for _ in range(1000))
    response = client.put("/v1/items", content=endless, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert client.post("/v1/nothing", content=b"x" * 100).headers["connection"] == "close"


def test_beyond_its_capacity_it_refuses_at_once_and_says_how_it_is(site: Site, stocked: Shop) -> None:
    started, go_on = threading.Semaphore(0), threading.Event()

    def slow(catalogue: CatalogueId) -> CatalogueStatus:
        started.release()
        assert go_on.wait(30)
        return stocked.report(catalogue)

    busy = replace(site, services=replace(site.services, status=slow), max_in_flight=2, threads=2)
    answers: list[int] = []
    with serving(busy) as url:
        ask = partial(httpx.get, f"{url}/v1/status", timeout=30, **NO_TLS)
        threads = [threading.Thread(target=lambda: answers.append(ask().status_code)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert started.acquire(timeout=30)
        refused = ask()
        health = httpx.get(f"{url}/v1/health", timeout=30, **NO_TLS)
        go_on.set()
        for thread in threads:
            thread.join()
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert health.status_code == 200
        assert answers == [200, 200]
        assert ask().status_code == 200


def test_bodies_that_trickle_in_hold_up_nobody(browse: Browse, site: Site) -> None:
    client = browse(replace(site, max_in_flight=1))
    head = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(connect(client.base_url)).sendall(head + b"{")
        assert client.get("/v1/items").status_code == 200


def test_bodies_together_may_fill_so_much_memory_and_no_more() -> None:
    buffer = Buffer(10)
    with buffer.share() as take:
        take(6)
        with buffer.share() as another:
            another(4)
            with pytest.raises(OverloadedError):
                another(1)
        take(4)
    with buffer.share() as take:
        take(10)


def test_every_answer_has_its_security_headers(browse: Browse, site: Site) -> None:
    client = browse(site)
    for path in ("/", "/v1/items", "/v1/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert client.options("/v1/items", headers={"origin": "http://evil.example"}).status_code == 405


def test_the_page_and_nothing_else_of_its_folder(browse: Browse, site: Site) -> None:
    client = browse(site)
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for path in ("/app.js", "/client.js", "/render.js", "/style.css", "/icon.svg"):
        assert client.get(path).status_code == 200
    assert client.get("/app.js", headers={"if-none-match": client.get("/app.js").headers["etag"]}).status_code == 304
    for path in ("/index.html", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/README.md"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "shop.example"])  # noqa: S104 (refused)
def test_serving_others_takes_a_token(site: Site, host: str) -> None:
    with pytest.raises(InvalidRequestError, match="set a token"):
        run(site, host, 0, print)
    check_binding(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_serving_oneself_takes_none(host: str) -> None:
    check_binding(host, None)


def test_a_port_that_is_taken_is_told(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InvalidRequestError, match="cannot serve at"):
        run(site, "127.0.0.1", taken.getsockname()[1], print)


@pytest.mark.parametrize("path", ["/v1/search", "/v1/uploads/{id}/bytes"])
def test_a_request_that_trickles_in_is_given_up(browse: Browse, site: Site, path: str) -> None:
    client = browse(replace(site, body_seconds=0.2, form_seconds=0.2))
    url = client.base_url
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    kind = "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b"
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall((head + kind).encode())
        status, headers, _ = problem(hear(connection))
        assert (status, headers["retry-after"]) == (408, "1")


def test_over_a_real_socket(site: Site, stocked: Shop) -> None:
    with serving(site) as url, httpx.Client(base_url=url, **NO_TLS) as client:
        form_url, fields = ask_for_form(client)
        assert client.post(form_url, data=fields, files={"file": picture("red")}).status_code == 204
        stocked.work()
        upload = form_url.split("/")[3]
        assert client.get(f"/v1/uploads/{upload}").json()["status"] == "prepared"
        found = client.post("/v1/search", json={"upload": upload, "k": 1})
        assert found.json()["neighbours"][0]["reason"] == "exact"
        assert "decode;dur=" in found.headers["server-timing"]
        thumbnail = client.get(found.json()["neighbours"][0]["thumbnail"])
        assert thumbnail.headers["content-type"] == "image/webp"
        assert "server" not in found.headers
        large = client.post("/v1/search", content=b" " * 3_000_000, headers={"content-type": "application/json"})
        assert large.status_code == 413


def test_a_large_upload_that_is_refused_hears_why(site: Site) -> None:
    with serving(site) as url, httpx.Client(base_url=url, **NO_TLS) as client:
        form_url, fields = ask_for_form(client)
        forged = {name: value[::-1] for name, value in fields.items()}
        post = client.build_request("POST", form_url, data=forged, files={"file": b"x" * 20_000_000})
        with connect(url) as connection:
            head = f"POST {form_url} HTTP/1.1\r\nHost: localhost\r\n"
            head += "".join(f"{name}: {post.headers[name]}\r\n" for name in ("Content-Type", "Content-Length"))
            connection.sendall(head.encode() + b"\r\n" + post.read())  # to its end, as most clients do
            assert problem(hear(connection))[0] == 403


_SLOW_SERVER = """
import sys, time
from lookalike.contract.asgi import Site
from lookalike.contract.serve import run
from lookalike.contract.services import Health, Services
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import ModelVersion

def slow():
    print("asked")
    time.sleep(1)
    return Health(ModelVersion("fake-000000000000-p1"), None)

run(Site(services=Services(health=slow), catalogue=CatalogueId("shop")), "127.0.0.1", 0, print)
print("tidied up")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="platform: signals end a process at once on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_after_what_is_under_way(number: signal.Signals) -> None:
    answers: list[int] = []
    with subprocess.Popen([sys.executable, "-u", "-c", _SLOW_SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        asking = threading.Thread(target=lambda: answers.append(httpx.get(f"{url}/v1/health", timeout=30).status_code))
        asking.start()
        assert server.stdout.readline() == "asked\n"
        server.send_signal(number)
        asking.join(30)
        assert answers == [200]
        assert server.stdout.readline() == "tidied up\n"
        assert server.wait(30) == 0


_SERVER_OF_FEW_FILES = """
import resource
from lookalike.contract.asgi import Site
from lookalike.contract.serve import run
from lookalike.contract.services import Services
from lookalike.domain.catalogue import CatalogueId

resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))

def told(url):
    print(url, resource.getrlimit(resource.RLIMIT_NOFILE))

run(Site(services=Services(), catalogue=CatalogueId("shop")), "127.0.0.1", 0, told)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no such limit")
def test_more_connections_than_open_files_are_told_once_and_end() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-u", "-c", _SERVER_OF_FEW_FILES], stdout=pipe, stderr=pipe, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        url, _, limit = server.stdout.readline().strip().partition(" ")
        assert limit == "(300, 300)"
        with ExitStack() as crowd:
            for _ in range(340):
                crowd.enter_context(connect(url))
            told = server.stderr.readline()
        assert told == "connections cannot be accepted: Too many open files\n"
        assert httpx.get(f"{url}/livez", timeout=30, **NO_TLS).status_code == 200
        server.terminate()
        assert "Traceback" not in server.stderr.read()


def test_what_cannot_be_accepted_is_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    class Loop(asyncio.SelectorEventLoop):
        now = 0.0

        def time(self) -> float:
            return self.now

    with closing(Loop()) as loop:
        loop.set_exception_handler(LoopErrors())
        for loop.now in range(12):
            loop.call_exception_handler({"message": "", "exception": OSError(24, "Too many open files"), "socket": 0})
        loop.call_exception_handler({"message": "something else"})
    assert [record.message for record in caplog.records] == [
        *["connections cannot be accepted: Too many open files"] * 3,
        "something else",
    ]
