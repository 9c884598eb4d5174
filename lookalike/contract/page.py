from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import lookalike
from lookalike.contract.dispatcher import other_method
from lookalike.contract.page_files import PAGE_FILES, page_policy
from lookalike.contract.refusal import respond


def find_page() -> Traversable | None:
    """The folder of the shopper's page: inside the wheel, or beside the package in a checkout; None without one."""
    beside = Path(lookalike.__file__).parent.parent / "web"
    candidates: tuple[Traversable, ...] = (files("lookalike") / "web", beside)
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def page_routes(folder: Traversable) -> Iterator[Route]:
    """Serve the page's files, and nothing else of the folder."""
    for path, (name, media_type) in PAGE_FILES.items():
        yield Route(path, _File((folder / name).read_bytes(), media_type))


class _File:
    """One file of the page, as an ASGI application."""

    def __init__(self, data: bytes, media_type: str) -> None:
        self._data = data
        self._tag = f'"{sha256(data).hexdigest()[:32]}"'
        self._headers = {
            "ETag": self._tag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": page_policy(),
            "Content-Type": media_type,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=204, headers=other_method(request.method, request.headers, ["GET"]))
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=self._headers)
        headers = {**self._headers, "Content-Length": str(len(self._data))}
        return Response(b"" if request.method == "HEAD" else self._data, headers=headers)
