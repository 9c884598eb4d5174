from collections.abc import Callable, Mapping
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from lookalike.contract.problems import HttpError

_FILE: Final = b"file"
_MOST_FIELDS: Final = 32
_MOST_FIELD_BYTES: Final = 20_000  # as S3 allows for everything but the file

_LONGEST_BOUNDARY: Final = 70  # RFC 2046, section 5.1.1

Admit = Callable[[Mapping[str, str]], int]


class UploadPost:
    """Reads a pre-signed POST as it streams in, the way S3 does.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html: fields first, then the file, and what
    follows it is ignored. `admit` is asked once with the fields before the first byte of the file is kept: it says how
    many bytes there may be, or raises. Memory never holds more than that and the fields.
    """

    def __init__(self, content_type: str, admit: Admit) -> None:
        media_type, options = parse_options_header(content_type)
        if media_type != b"multipart/form-data" or not options.get(b"boundary"):
            raise HttpError(415, "the form must be sent as multipart/form-data")
        self._admit = admit
        self._fields: dict[str, str] = {}
        self._field_bytes = 0
        self._file: bytearray | None = None
        self._most = 0
        self._part = _Part()
        self._ended = False
        self._parser = self._parse(options[b"boundary"])

    def _parse(self, boundary: bytes) -> MultipartParser:
        if len(boundary) > _LONGEST_BOUNDARY:
            raise HttpError(400, f"the boundary has more than {_LONGEST_BOUNDARY} characters")
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_headers_finished": self._open_part,
                "on_part_data": self._data,
                "on_part_end": self._close_part,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `HttpError` 400 for a broken or too large form, and what `admit` raises."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise HttpError(400, "the multipart form is broken") from error

    def file(self) -> bytes:
        """The file, once everything was fed. Raises `HttpError` 400 where it is not all there."""
        if self._file is None:
            raise HttpError(400, "the form needs a part named file, as its last")
        if not self._ended:
            raise HttpError(400, "the form ended before its file did")
        return bytes(self._file)

    def _begin_part(self) -> None:
        self._part = _Part(ignored=self._file is not None)

    def _begin_header(self) -> None:
        self._part.header = b""
        self._part.value = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._part.value += data[start:end]
        if self._part.header.lower() == b"content-disposition":
            self._part.disposition = self._part.value

    def _open_part(self) -> None:
        part = self._part
        part.name = parse_options_header(part.disposition)[1].get(b"name", b"")
        if not part.ignored and part.name == _FILE:
            self._most = self._admit(self._fields)
            self._file = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.ignored:
            return
        if self._part.name != _FILE:
            self._count(end - start)
            self._part.content += data[start:end]
            return
        assert self._file is not None  # noqa: S101 (opened by _open_part)
        if len(self._file) + end - start > self._most:
            raise HttpError(400, f"the file is larger than the {self._most} bytes that the form allows")
        self._file += data[start:end]

    def _close_part(self) -> None:
        part = self._part
        if part.ignored or part.name == _FILE:
            return
        name = part.name.decode(errors="replace")
        if name in self._fields or len(self._fields) == _MOST_FIELDS:
            raise HttpError(400, f"the field {name!r:.80} is one too many")
        self._fields[name] = part.content.decode(errors="replace")

    def _count(self, more: int) -> None:
        self._field_bytes += more
        if self._field_bytes > _MOST_FIELD_BYTES:
            raise HttpError(400, f"the fields before the file have more than {_MOST_FIELD_BYTES} bytes")

    def _end(self) -> None:
        self._ended = True


class _Part:
    """What is known of the part being read."""

    def __init__(self, *, ignored: bool = False) -> None:
        self.ignored = ignored
        self.header = b""
        self.value = b""
        self.disposition = b""
        self.name = b""
        self.content = b""
