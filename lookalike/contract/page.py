from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import lookalike
from lookalike.contract.page_files import PAGE_FILES, page_policy
from lookalike.contract.refusal import Endpoint, read_only


def find_page() -> Traversable | None:
    """The folder of the shopper's page: inside the wheel, or beside the package in a checkout; None without one."""
    beside = Path(lookalike.__file__).parent.parent / "web"
    candidates: tuple[Traversable, ...] = (files("lookalike") / "web", beside)
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def page_routes(folder: Traversable) -> Iterator[Route]:
    """Serve the page's files, and nothing else of the folder."""
    for path, (name, media_type) in PAGE_FILES.items():
        yield Route(path, _endpoint((folder / name).read_bytes(), media_type))


def _endpoint(data: bytes, media_type: str) -> Endpoint:
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": page_policy(),
        "Content-Type": media_type,
    }

    async def send(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers)

    return read_only(send)
