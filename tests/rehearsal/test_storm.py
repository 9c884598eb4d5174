"""A storm over `lookalike serve`: each attack in its turn, beside a shopper who notices nothing.

Attackers are connections of this process that mostly stand still; they are bounded in number and end by themselves.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter, sleep
from typing import Any, Final

import httpx
import psutil
import pytest

from lookalike.connect import connect
from lookalike.domain.item import Item, ItemId
from lookalike.ports.catalogue import NewPhoto
from lookalike.sample import draw_catalogue

TOKEN: Final = "a-token-of-the-storm's"  # noqa: S105 (made up)
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}
EACH: Final = 200
MOST_MEMORY: Final = 600 * 10**6
BOMB: Final = bytes.fromhex("524946461a000000574542505650384c0e0000002f87d3e1042840ff0bd0ff020000")
"""A WebP of 5,000 x 5,000 pixels, all of one colour."""
HALF: Final = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="platform: reads the server's memory from /proc"),
    pytest.mark.long,
]


class Server:
    """`lookalike serve` in a process of its own."""

    def __init__(self, url: str, process: psutil.Process) -> None:
        self.url = url
        self.process = process
        self.answers: Counter[int] = Counter()

    def client(self, **headers: str) -> httpx.Client:
        """Counts what it is answered."""
        hooks = {"response": [lambda response: self.answers.update([response.status_code])]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, event_hooks=hooks, verify=False)  # noqa: S501 (plain HTTP)

    def connection(self) -> socket.socket:
        """A bare one."""
        url = httpx.URL(self.url)
        return socket.create_connection((url.host, url.port or 80), timeout=30)

    def held(self) -> tuple[int, int]:
        """Descriptors and threads."""
        return self.process.num_fds(), self.process.num_threads()

    def peak_memory(self) -> int:
        """Bytes that the process held at most, so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


class Shopper:
    """Searches one after the other, each with a part of a photo that was never asked with: it is looked at anew."""

    def __init__(self, client: httpx.Client, upload: str) -> None:
        self._client = client
        self._upload = upload
        self._numbers = count(1)

    def search(self) -> float:
        """Seconds it took."""
        region = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0 - next(self._numbers) / 10_000}
        start = perf_counter()
        found = self._client.post("/v1/search", json={"upload": self._upload, "region": region, "k": 5})
        took = perf_counter() - start
        assert found.status_code == 200, found.text
        assert found.json()["neighbours"]
        return took

    @contextmanager
    def searching(self) -> Iterator[list[float]]:
        """Search on until the block ends, and at least `EACH` times: each attack has a like share of the storm."""
        took: list[float] = []
        done = threading.Event()

        def go_on() -> None:
            while not done.is_set() or len(took) < EACH:
                took.append(self.search())

        with ThreadPoolExecutor(1) as pool:
            searching = pool.submit(go_on)
            try:
                yield took
            finally:
                done.set()
            searching.result(60)


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [garment.photo() for garment in draw_catalogue(60, seed=3)]


@pytest.fixture
def server(tmp_path: Path, photos: list[bytes]) -> Iterator[Server]:
    folder = tmp_path / "shop"
    with connect(str(folder)) as catalogue:
        items = [Item(ItemId(f"item-{number}"), "dress") for number in range(len(photos))]
        new = [NewPhoto(item, photo, item.id) for item, photo in zip(items, photos, strict=True)]
        assert sum(1 for _ in catalogue.import_photos(new)) == 60
    command = [sys.executable, "-c", "from lookalike.cli import main; main()", "serve", "-c", str(folder)]
    environ = {**os.environ, "LOOKALIKE_TOKEN": TOKEN}
    with subprocess.Popen(
        [*command, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            yield Server(json.loads(process.stdout.readline())["url"], psutil.Process(process.pid))
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()


def form_of(client: httpx.Client) -> tuple[str, dict[str, str]]:
    ticket = client.post("/v1/uploads", json={"content_type": "image/jpeg"}).json()
    return ticket["form"]["url"], ticket["form"]["fields"]


def send(client: httpx.Client, form: tuple[str, dict[str, str]], photo: bytes) -> int:
    return client.post(form[0], data=form[1], files={"file": photo}).status_code


def upload(client: httpx.Client, photo: bytes) -> str:
    form = form_of(client)
    assert send(client, form, photo) == 204
    return form[0].split("/")[3]


def said(connection: socket.socket) -> bytes:
    heard = b""
    while chunk := connection.recv(65_536):
        heard += chunk
    return heard


def strangers_that_hold_on_to_the_upload_endpoint(server: Server, client: httpx.Client, photo: bytes) -> None:
    head = b"POST /v1/uploads/x/bytes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connection()) for _ in range(8)]
        for connection in slow:
            connection.sendall(head)
        for letter in b"Content":
            for connection in slow:
                connection.sendall(bytes([letter]))
            upload(client, photo + bytes([letter]))


def connections_that_never_ask(server: Server, client: httpx.Client, photo: bytes) -> None:
    del client, photo
    with ExitStack() as stack:
        mute = [stack.enter_context(server.connection()) for _ in range(530)]
        for connection in mute[::2]:
            connection.sendall(HALF)
        with server.client() as newcomer:
            assert newcomer.get("/v1/health").status_code == 200
        closed = monotonic() + 15
        for number, connection in enumerate(mute):
            heard = told(connection)
            server.answers.update([int(heard.split()[1])] if heard else [])
            if number % 2 == 0 and heard:
                assert b"application/problem+json" in heard
                assert b"retry-after: " in heard.lower()
        assert monotonic() < closed


def told(connection: socket.socket) -> bytes:
    try:
        return said(connection)
    except ConnectionResetError:
        return b""


def a_bomb_that_is_searched_32_times_at_once(server: Server, client: httpx.Client, photo: bytes) -> None:
    del photo
    subject = {"upload": upload(client, BOMB)}
    with server.client() as checker, ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(client.post, "/v1/search", json=subject) for _ in range(32)]
        while not all(one.done() for one in asked):
            assert checker.get("/v1/health").status_code == 200
            sleep(0.05)
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
    assert client.post("/v1/search", json=subject).status_code == 200


def bombs_one_beside_the_other(server: Server, client: httpx.Client, photo: bytes) -> None:
    del server, photo
    uploads = [upload(client, BOMB + bytes([number])) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: client.post("/v1/search", json={"upload": each}).status_code, uploads))
    assert set(answers) <= {200, 422, 429}


def one_form_many_times_at_once(server: Server, client: httpx.Client, photo: bytes) -> None:
    form = form_of(client)
    barrier = threading.Barrier(8)

    def rush(number: int) -> int:
        with server.client() as own:
            barrier.wait(30)
            return send(own, form, photo + bytes([number]))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(rush, range(8))) == [204] + [409] * 7


def forms_and_requests_that_are_none(server: Server, client: httpx.Client, photo: bytes) -> None:
    del photo
    for length in (71, 257, 20_000):
        kind = {"content-type": f"multipart/form-data; boundary={'b' * length}"}
        assert client.post("/v1/uploads/x/bytes", content=b"--b", headers=kind).status_code == 400
    for nonsense in (b"nonsense\r\n\r\n", b"\x16\x03\x01\r\n\r\n", HALF + b"X: " + b"y" * 40_000):
        with server.connection() as connection:
            connection.sendall(nonsense)
            heard = told(connection)
            server.answers.update([int(heard.split()[1])])
            assert b"application/problem+json" in heard


ATTACKS: Final[tuple[Any, ...]] = (
    strangers_that_hold_on_to_the_upload_endpoint,
    connections_that_never_ask,
    a_bomb_that_is_searched_32_times_at_once,
    bombs_one_beside_the_other,
    one_form_many_times_at_once,
    forms_and_requests_that_are_none,
)


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[-1]


def until_worked_off(client: httpx.Client) -> None:
    """The attack's uploads are looked at in the background, which is part of it."""
    deadline = monotonic() + 30
    while client.get("/v1/status").json()["uploads"].get("received", 0):
        assert monotonic() < deadline
        sleep(0.2)


def until_as_before(server: Server, client: httpx.Client, before: tuple[int, int]) -> None:
    """Idle connections end after ten seconds, idle threads when something is asked ten seconds later."""
    deadline = monotonic() + 40
    while any(now > then + 4 for now, then in zip(server.held(), before, strict=True)):
        assert monotonic() < deadline, (server.held(), before)
        assert client.get("/v1/items", params={"limit": 1}).status_code == 200
        sleep(0.5)


def test_a_storm_passes_and_a_shopper_notices_nothing(server: Server, photos: list[bytes]) -> None:
    with server.client(**AUTHORIZED) as client, server.client(**AUTHORIZED) as own:
        shopper = Shopper(own, upload(client, photos[0]))
        for _ in range(5):
            shopper.search()
        before = server.held()
        quiet, stormy = [], []
        for number, attack in enumerate(ATTACKS):
            # In turns, so that whatever else this machine does meets both.
            quiet += [shopper.search() for _ in range(25)]
            with shopper.searching() as took:
                attack(server, client, photos[number])
                until_worked_off(client)
            stormy += took
        print(f"p99 {p99(quiet) * 1000:.0f} ms quiet, {p99(stormy) * 1000:.0f} ms stormy ({len(stormy)} searches)")
        print(f"peak {server.peak_memory() / 10**6:.0f} MB, answers {dict(server.answers)}")
        assert p99(stormy) <= 3 * p99(quiet)
        assert {status for status in server.answers if status >= 500} <= {503}
        assert server.peak_memory() <= MOST_MEMORY
        until_as_before(server, client, before)
