from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import lookalike

_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/client.js": ("client.js", "text/javascript; charset=utf-8"),
    "/render.js": ("render.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def find_page() -> Traversable | None:
    """The folder of the shopper's page: inside the wheel, or beside the package in a checkout; None without one."""
    beside = Path(lookalike.__file__).parent.parent / "web"
    candidates: tuple[Traversable, ...] = (files("lookalike") / "web", beside)
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def page_routes(folder: Traversable) -> Iterator[Route]:
    """Serve the page's files, and nothing else of the folder."""
    for path, (name, media_type) in _FILES.items():
        yield _route(path, (folder / name).read_bytes(), media_type)


def _route(path: str, data: bytes, media_type: str) -> Route:
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}

    async def send(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type=media_type)

    return Route(path, send)
