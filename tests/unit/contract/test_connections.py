"""Connections that say nothing, or too little, or too much: closed in time, and nobody else is kept out."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPResponse
from statistics import median
from time import perf_counter

import httpx
import pytest
from browsing import Browse, connect, drip, hear, problem
from fake_shop import Shop

from lookalike.contract.asgi import Site
from lookalike.contract.connections import ConnectionLimits
from lookalike.contract.peers import Slots, peer_of
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.errors import OverloadedError
from tests.serving import serving

HALF = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="platform: 127.0.0.2 answers on Linux only")


def hurried(site: Site, most: int = 512) -> Site:
    return replace(site, connections=ConnectionLimits(most, head_seconds=0.4))


@contextmanager
def crowd(url: httpx.URL | str, count: int, said: bytes = HALF, source: str = "127.0.0.1") -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(connect(url, source)).sendall(said)
        yield


def answer(connection: socket.socket, said: bytes = b"") -> HTTPResponse:
    """The next answer on a connection that is kept alive."""
    connection.sendall(said)
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response


@pytest.mark.parametrize("said", [b"", b"\r\n", HALF + b"\r\n"], ids=["nothing", "a blank line", "a request"])
def test_who_says_no_more_is_closed(browse: Browse, site: Site, said: bytes) -> None:
    with connect(browse(hurried(site)).base_url) as connection:
        connection.sendall(said)
        heard = hear(connection)
        assert heard.startswith(b"HTTP/1.1 200") == (said == HALF + b"\r\n")


def test_a_head_that_drips_is_refused_however_often_it_drips(browse: Browse, site: Site) -> None:
    with connect(browse(hurried(site)).base_url) as connection:
        connection.sendall(HALF)
        status, headers, document = problem(drip(connection, b"X"))
        assert (status, headers["retry-after"], headers["connection"]) == (408, "1", "close")
        assert document["status"] == 408


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (HALF + b"X: " + b"y" * 100_000, 431),
        (HALF + b"X: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (HALF + b"X: y\r\n" * 6_000 + b"\r\n", 431),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_gets_a_problem(browse: Browse, site: Site, said: bytes, status: int) -> None:
    with connect(browse(site).base_url) as connection:
        connection.sendall(said)
        told, headers, document = problem(hear(connection))
        assert (told, document["status"], headers["connection"]) == (status, status, "close")


def test_a_head_request_that_is_refused_gets_no_body(browse: Browse, site: Site) -> None:
    with connect(browse(site).base_url) as connection:
        connection.sendall(HALF.replace(b"GET", b"HEAD") + b"X: " + b"y" * 40_000 + b"\r\n\r\n")
        head, _, body = hear(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431")
        assert body == b""


def test_who_has_asked_may_close_its_half(browse: Browse, site: Site) -> None:
    with connect(browse(site).base_url) as connection:
        connection.sendall(HALF + b"\r\n" + HALF.replace(b"/v1/health", b"/v1/status") + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert hear(connection).count(b"HTTP/1.1 200") == 2


def test_a_body_that_breaks_off_into_nonsense_is_refused(browse: Browse, site: Site) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n"
    with connect(browse(site).base_url) as connection:
        connection.sendall(head + b"\r\nno length\r\n")
        assert problem(hear(connection))[0] == 400


def test_a_crowd_that_says_half_a_word_keeps_nobody_out(browse: Browse, site: Site) -> None:
    client = browse(replace(site, connections=ConnectionLimits(most=16)))
    with crowd(client.base_url, 40):
        for _ in range(3):
            assert client.get("/v1/items", headers={"connection": "close"}).status_code == 200
    with crowd(client.base_url, 40, b""):
        assert client.get("/v1/items").status_code == 200


def test_a_crowd_of_unfinished_bodies_keeps_nobody_out(browse: Browse, site: Site) -> None:
    client = browse(replace(site, connections=ConnectionLimits(most=16)))
    head = (
        HALF.replace(b"GET /v1/health", b"POST /v1/search")
        + b"Content-Type: application/json\r\nContent-Length: 90\r\n\r\n"
    )
    with crowd(client.base_url, 40, head):
        assert client.get("/v1/items").status_code == 200


def test_who_is_asked_to_leave_half_way_is_told(browse: Browse, site: Site) -> None:
    url = browse(replace(site, connections=ConnectionLimits(most=4))).base_url
    with connect(url) as first:
        first.sendall(HALF + b"\r\n" + HALF)
        assert answer(first).status == 200
        with crowd(url, 6):
            status, headers, _ = problem(hear(first))
            assert (status, headers["retry-after"]) == (503, "2")


@linux
def test_one_address_leaves_room_for_others(site: Site, stocked: Shop) -> None:
    entered, go_on = threading.Semaphore(0), threading.Event()

    def slow(catalogue: CatalogueId) -> CatalogueStatus:
        entered.release()
        assert go_on.wait(30)
        return stocked.report(catalogue)

    limits = ConnectionLimits(most=8)
    busy = replace(site, services=replace(site.services, status=slow), connections=limits, threads=12)
    ask = HALF.replace(b"health", b"status") + b"\r\n"
    with serving(busy) as url, crowd(url, 6, ask):
        for _ in range(6):
            assert entered.acquire(timeout=30)
        with connect(url) as refused:
            refused.sendall(HALF + b"\r\n")
            status, headers, document = problem(hear(refused))
            assert (status, document["status"], headers["retry-after"]) == (503, 503, "2")
        with connect(url, "127.0.0.2") as other:
            other.sendall(HALF + b"Connection: close\r\n\r\n")
            assert hear(other).startswith(b"HTTP/1.1 200")
        go_on.set()


def test_a_network_is_one_peer_and_a_peer_has_its_share_of_slots() -> None:
    assert peer_of("2001:db8::1") == peer_of("2001:db8::ffff:1") != peer_of("2001:db8:0:1::1")
    assert peer_of("::ffff:10.0.0.1") == "10.0.0.1"
    slots = Slots(4, "things")
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(slots.take("10.0.0.1"))
        with pytest.raises(OverloadedError), slots.take("10.0.0.1"):
            pass
        held.enter_context(slots.take("10.0.0.2"))
        with pytest.raises(OverloadedError), slots.take("10.0.0.3"):
            pass
    with slots.take("10.0.0.1"):
        pass


def test_a_kept_alive_connection_is_no_slower_than_a_new_one(browse: Browse, site: Site) -> None:
    client = browse(site)

    def took(**headers: str) -> float:
        start = perf_counter()
        assert client.get("/v1/items/red-dress", headers=headers).status_code == 200
        return perf_counter() - start

    # Taken in turns, each after one that leaves it an open connection or none: this machine's other work meets both.
    kept, new = [], []
    for _ in range(60):
        new.append(took())
        kept.append(took())
        took(connection="close")
    assert median(kept) <= 1.5 * median(new)


_STUCK_SERVER = """
import threading
from lookalike.contract.asgi import Site
from lookalike.contract.serve import run
from lookalike.contract.services import Health, Services
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.domain.embedding import ModelVersion

def stuck(catalogue):
    print("asked\\n", end="")
    threading.Event().wait(4)
    return CatalogueStatus(catalogue, 0, 0, {}, (), 0)

def health():
    return Health(ModelVersion("fake-000000000000-p1"), None)

site = Site(services=Services(status=stuck, health=health), catalogue=CatalogueId("shop"), grace_seconds=1, threads=4)
run(site, "127.0.0.1", 0, print)
print("tidied up")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="platform: signals end a process at once on Windows")
def test_who_is_not_answered_when_the_grace_ends_is_told_to_come_again() -> None:
    ask = HALF.replace(b"health", b"status") + b"\r\n"
    with subprocess.Popen([sys.executable, "-u", "-c", _STUCK_SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with ExitStack() as stack:
            asking = [stack.enter_context(connect(url)) for _ in range(10)]
            for connection in asking:
                connection.sendall(ask)
            for _ in range(4):
                assert server.stdout.readline() == "asked\n"
            idle = stack.enter_context(connect(url))
            idle.sendall(HALF + b"\r\n")
            assert answer(idle).status == 200
            server.terminate()
            while (late := answer(idle, HALF + b"\r\n")).status == 200:
                continue
            assert (late.status, late.headers["retry-after"]) == (503, "5")
            answers = [problem(hear(connection)) for connection in asking]
        assert {(status, headers["retry-after"]) for status, headers, _ in answers} == {(503, "5")}
        assert server.stdout.readline() == "tidied up\n"
        assert server.wait(30) == 0
