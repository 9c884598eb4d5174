import json
import socket
from collections.abc import Callable
from typing import Any

import httpx

Browse = Callable[..., httpx.Client]
"""Gives clients of real servers: `browse(site, **headers)`."""
# Plain HTTP to this machine: spares each client the loading of certificates.
NO_TLS = {"verify": False}


def ask_for_form(client: httpx.Client) -> tuple[str, dict[str, str]]:
    """A new ticket's form: its address and its fields."""
    ticket = client.post("/v1/uploads", json={"content_type": "image/jpeg"}).json()
    return ticket["form"]["url"], ticket["form"]["fields"]


def connect(url: httpx.URL | str, source: str = "127.0.0.1") -> socket.socket:
    """A bare connection to a server, from one of this machine's addresses."""
    url = httpx.URL(url)
    return socket.create_connection((url.host, url.port or 80), timeout=30, source_address=(source, 0))


def hear(connection: socket.socket) -> bytes:
    """All that the server says until it closes."""
    said = b""
    while chunk := connection.recv(65_536):
        said += chunk
    return said


def drip(connection: socket.socket, byte: bytes) -> bytes:
    """Send a byte every 50 ms until the server answers, up to 600 of them; all that it says."""
    said = b""
    connection.settimeout(0.05)
    for _ in range(600):
        try:
            connection.sendall(byte)
            said = connection.recv(65_536)
            break
        except TimeoutError:
            continue
    connection.settimeout(30)
    return said + hear(connection)


def problem(said: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    """A problem's status, headers and document, as they came over a bare connection."""
    head, _, body = said.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert headers["content-type"] == "application/problem+json"
    return int(status.split()[1]), headers, json.loads(body)
