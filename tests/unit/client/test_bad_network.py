"""Answers that come too slowly, too large or not at all: every call ends, in bounded memory, with a clear error."""

import gzip
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from lookalike import errors
from lookalike.client import HttpCatalogue
from lookalike.client.transport import Transport

HEALTHY = b'{"catalogue":"shop","items":0,"photos":0,"uploads":{},"generations":[],"bytes_on_disk":0}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"


def trickle(start: bytes, drop: bytes, stop: threading.Event) -> Callable[[Any], None]:
    """Sends `drop` again and again, often enough for every single read to succeed."""

    def answer(handler: Any) -> None:
        handler.wfile.write(start)
        while not stop.wait(0.02):
            handler.wfile.write(drop)

    return answer


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (HEAD + b"\r\n", b" "),  # the body
        (HEAD, b"x"),  # a header that never ends
        (b"HTTP/1.1 500 No\r\n\r\n", b"x"),  # the body of a refusal
        (b"", b""),  # nothing
    ],
    ids=["body", "header", "refusal", "silence"],
)
def test_an_answer_that_trickles_ends_at_the_deadline(scripted: Any, start: bytes, drop: bytes) -> None:
    stop = threading.Event()
    url, asked = scripted((200, {}, HEALTHY), trickle(start, drop, stop))
    with HttpCatalogue(url) as first:
        first.status()  # everything is loaded
    with HttpCatalogue(url, deadline=1) as catalogue, pytest.raises(errors.UnavailableError, match="within 1 s"):
        catalogue.status()
    stop.set()
    assert len(asked) == 2


def test_a_silent_server_is_asked_again_before_the_deadline(scripted: Any, waits: Any) -> None:
    stop = threading.Event()
    url, asked = scripted(trickle(b"", b"", stop), (200, {}, HEALTHY))
    with HttpCatalogue(url, timeout=1, timing=waits.timing) as catalogue:
        assert catalogue.status().catalogue == "shop"
    stop.set()
    assert len(asked) == 2


def test_a_photo_has_the_time_that_a_slow_line_takes(scripted: Any) -> None:
    def slow(handler: Any) -> None:
        time.sleep(0.5)
        handler.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    url, asked = scripted(slow)
    with closing(Transport(url, deadline=0.1)) as transport:
        with pytest.raises(errors.UnavailableError, match="within"):
            transport.call("GET", "v1/status")
        transport.post_form("form", {}, bytes(80_000))
    assert len(asked) == 2


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def nulls(megabytes: int) -> bytes:
    """So much of nothing, as gzip, made without holding it."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def endless(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(800):
        handler.wfile.write(bytes(1_000_000))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, {"Content-Length": "800000000"}, b""), id="declared"),
        pytest.param(endless, id="undeclared"),
        pytest.param((200, {"Content-Encoding": "gzip"}, nulls(100)), id="gzip"),
    ],
)
def test_an_answer_beyond_the_limit_is_not_read(scripted: Any, answer: Any) -> None:
    url, asked = scripted(answer)
    with HttpCatalogue(url) as catalogue:
        tracemalloc.start()
        with pytest.raises(errors.InvalidRequestError, match="larger than 16 MB"):
            catalogue.status()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64_000_000
    assert len(asked) == 1


def test_a_refusal_of_any_size_keeps_its_status(scripted: Any) -> None:
    url, _ = scripted((403, {"Content-Encoding": "gzip"}, nulls(100)))
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.ForbiddenError):
        catalogue.status()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", HEALTHY),
        ("zstd", HEALTHY),
        ("deflate", zlib.compress(HEALTHY)),
        ("gzip, gzip", gzipped(gzipped(HEALTHY))),
        ("gzip", HEALTHY),
        ("gzip", gzipped(HEALTHY)[:-4]),
        ("gzip", gzipped(HEALTHY) + b"more"),
    ],
    ids=["br", "zstd", "deflate", "twice", "plain", "cut", "longer"],
)
def test_an_encoding_that_was_not_asked_for_is_an_error(scripted: Any, encoding: str, body: bytes) -> None:
    url, _ = scripted((200, {"Content-Encoding": encoding}, body))
    with HttpCatalogue(url) as catalogue, pytest.raises(errors.InvalidRequestError, match="as a Lookalike"):
        catalogue.status()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzipped(HEALTHY)), ("identity", HEALTHY), ("", HEALTHY)],
    ids=["gzip", "identity", "none"],
)
def test_what_was_asked_for_is_read(scripted: Any, encoding: str, body: bytes) -> None:
    url, _ = scripted((200, {"Content-Encoding": encoding}, body))
    with HttpCatalogue(url) as catalogue:
        assert catalogue.status().catalogue == "shop"


def test_threads_share_a_client_whose_connections_are_bounded(scripted: Any) -> None:
    lock = threading.Lock()
    now, most = [0], [0]

    def answer(handler: Any) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(HEALTHY), HEALTHY))

    url, asked = scripted(answer)
    with HttpCatalogue(url) as catalogue:
        threads = [threading.Thread(target=catalogue.status) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(asked) == 60
    assert most[0] <= 20


def test_closing_ends_the_calls_under_way(scripted: Any) -> None:
    stop, begun = threading.Event(), threading.Event()

    def hang(handler: Any) -> None:
        del handler
        begun.set()
        stop.wait(30)

    url, _ = scripted(hang)
    catalogue = HttpCatalogue(url)
    raised: list[errors.LookalikeError] = []

    def ask() -> None:
        try:
            catalogue.status()
        except errors.LookalikeError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(30)
    catalogue.close()
    thread.join(30)
    stop.set()
    catalogue.close()
    with pytest.raises(errors.UnavailableError, match="was closed"):
        catalogue.status()
    assert [str(error) for error in raised] == [f"the catalogue at {url}/ was closed"]


PROGRAM = """
import logging, os, sys
from lookalike.client import HttpCatalogue
from lookalike.client.retry import RetryPolicy
def ask():
    catalogue = HttpCatalogue({url!r}, policy=RetryPolicy(floor_s=0, first_spread_s=0.01))
    assert catalogue.status().catalogue == "shop"
ask()
{then}
"""


def test_nothing_appears_on_a_terminal(scripted: Any) -> None:
    busy, broken, fine = (503, {"Retry-After": "0"}, b""), (502, {"Retry-After": "0"}, b""), (200, {}, HEALTHY)
    url, asked = scripted(busy, broken, fine, busy, broken, fine)
    program = PROGRAM.format(url=url, then="logging.basicConfig(level=logging.WARNING)\nask()")
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, timeout=60, check=True, text=True
    )
    assert (ran.stdout, ran.stderr, len(asked)) == ("", "", 6)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_has_connections_of_its_own(scripted: Any) -> None:
    url, asked = scripted((200, {}, HEALTHY))
    then = "pid = os.fork()\nask()\nif pid: assert os.waitpid(pid, 0)[1] == 0\nos._exit(0)"
    program = PROGRAM.format(url=url, then=then)
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=True)
    assert len(asked) == 3
