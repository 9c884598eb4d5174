import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw
from typer.testing import CliRunner

from lookalike.adapters.embedded.stores import open_stores
from lookalike.cli.app import app
from lookalike.cli.session import Session
from lookalike.connect import MEMORY
from lookalike.embedded import EmbeddedCatalogue
from lookalike.ports.catalogue import Catalogue
from lookalike.testing import FakeEmbedder


def picture(seed: int) -> bytes:
    """A small JPEG of its own colours; different seeds, different bytes."""
    image = Image.new("RGB", (48, 64), (seed * 67 % 256, seed * 131 % 256, seed * 29 % 256))
    ImageDraw.Draw(image).rectangle((8, 8 + seed % 30, 40, 40), fill=(seed * 7 % 256, 40, 200 - seed % 150))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def connect_with_fake(where: str, *, token: str | None = None, create: bool = True) -> Catalogue:
    """As `lookalike.connect`, with the fake embedder."""
    del token
    return EmbeddedCatalogue(open_stores(None if where == MEMORY else Path(where), create=create), FakeEmbedder())


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def runner(connect: Callable[..., Catalogue]) -> Run:
    def run(*arguments: object, env: dict[str, str] | None = None, stdin: bytes | None = None) -> Ran:
        argv: Sequence[str] = [str(argument) for argument in arguments]
        session = Session(connect=connect, environ=env or {})
        result = CliRunner(env=env or {}).invoke(app, argv, obj=session, input=stdin)
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run
