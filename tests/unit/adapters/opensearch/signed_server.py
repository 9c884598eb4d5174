"""A server that keeps what it is sent as it came over the wire, and how AWS would look at its signature."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<day>\d{8})/(?P<region>[\w-]+)/(?P<service>\w+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[\w;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, str]:
        """The parts of its Authorization header: key, day, region, service, headers, signature."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        assert found is not None, self.headers
        return found.groupdict()

    def is_signed_by(self, credentials: ReadOnlyCredentials) -> bool:
        """Whether the signature, computed anew from what came, is the one that was sent, and covers what matters."""
        said = self.said
        signed = {name: self.headers[name] for name in said["headers"].split(";")}
        request = AWSRequest(self.method, f"http://{self.headers['host']}{self.target}", signed, self.body)
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = SigV4Auth(credentials, said["service"], said["region"])
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        whole = hashlib.sha256(self.body).hexdigest() == signed.get("x-amz-content-sha256")
        return signature == said["signature"] and whole and {"host", "x-amz-date"} <= set(signed)


@dataclass(slots=True)
class SignedServer:
    """Answers everything with `status` and an empty object."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: list[int] = field(default_factory=list)


@contextmanager
def signed_server() -> Iterator[SignedServer]:
    """Runs on loopback until this ends."""
    told = SignedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            told.received.append(Received(method=self.command, target=self.path, headers=headers, body=body))
            self.send_response(told.status.pop(0) if told.status else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names are http.server's

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        told.url = f"http://127.0.0.1:{server.server_port}"
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
