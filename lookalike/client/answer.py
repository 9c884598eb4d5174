import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

ENCODINGS: Final = "gzip"
"""What Accept-Encoding asks for."""
_ONE_MB: Final = 1_000_000


class UnusableAnswerError(Exception):
    """The answer is nothing that a Lookalike sends; the message completes "it …"."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read to its end; `content` is decoded."""

    status: int
    headers: httpx.Headers
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus(200) <= self.status < HTTPStatus(300)


async def read_bounded(response: httpx.Response, most_bytes: int) -> Answer:
    """Read a streamed `response`, of which memory never holds more than twice `most_bytes`.

    The limit holds for what came over the line and for what it decodes to. Raises `UnusableAnswerError` for more, for
    an encoding that was not asked for or is broken, and for a web page.
    """
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > most_bytes:
            raise _too_large(most_bytes)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    content = _decoded(raw, encoding, most_bytes)
    if content.lstrip()[:1] == b"<":  # a captive portal's page, which no command may take for its success
        raise UnusableAnswerError("is a web page")
    return Answer(response.status_code, response.headers, content)


def _decoded(raw: bytearray, encoding: str, most_bytes: int) -> bytes:
    if encoding in ("", "identity") or not raw:
        return bytes(raw)
    if encoding not in ("gzip", "x-gzip"):
        raise UnusableAnswerError(f"is encoded as {encoding!r:.60}, which was not asked for")
    decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = decoder.decompress(raw, most_bytes + 1)
    except zlib.error as error:
        raise UnusableAnswerError("is broken gzip") from error
    if len(plain) > most_bytes:
        raise _too_large(most_bytes)
    if not decoder.eof or decoder.unused_data:
        raise UnusableAnswerError("is broken gzip")
    return plain


def _too_large(most_bytes: int) -> UnusableAnswerError:
    return UnusableAnswerError(f"is larger than {most_bytes / _ONE_MB:g} MB")
