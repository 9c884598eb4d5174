# ruff: noqa: RUF001 - letters that look like others are what it is about
import re
from pathlib import Path
from typing import Final, Self, TextIO

from lookalike.errors import InvalidRequestError

_LONGEST: Final = 1_000_000
_CHUNK: Final = 1 << 16
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
WESTERN: Final = "cp1252"
"""Of a file that is not UTF-8 and bears no mark: Excel's plain CSV is that in Western Europe and America."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NOT_WESTERN: Final = re.compile(
    "[À-ÿ]{4,}"  # Cyrillic, Greek and others are runs of such letters
    "|[A-Za-zÀ-ÿ][¡-¿×÷‚„†‡ˆ‰‹›•˜™][A-Za-zÀ-ÿ]"  # letters of Central Europe, DOS and old Macs are signs here
    "|[a-z][ŠŒŽŸ]"
)


class Lines:
    """The lines of a text file, one in memory at a time.

    `number` is the line last read, from 1. A line of more than a million characters raises `ValueError` in its
    place, and iteration can go on behind it. Bytes that the encoding does not know come as lone surrogates: see
    `checked_text`. `remark` says where the encoding was guessed.

    Raises `InvalidRequestError` for an encoding that there is none of, and where none can be guessed.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.number = 0
        name = encoding or find_encoding(path)
        self.remark = ""
        if encoding is None and name == WESTERN:
            self.remark = (
                f"{path.name} is not UTF-8 and was read as {WESTERN}; if texts look wrong, name its --encoding"
            )
        wide = name.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32", "utf16", "utf32"))
        try:
            self._file: TextIO = path.open(encoding=name, errors="replace" if wide else "surrogateescape", newline="")
        except LookupError as error:
            raise InvalidRequestError("encoding", f"{name!r:.80} is not known; cp1252 and utf-16 are") from error

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == _LONGEST and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = self._file.readline(_LONGEST)
            raise ValueError(f"the line is longer than {_LONGEST:,} characters")
        return line.removeprefix("\ufeff") if self.number == 1 else line

    def close(self) -> None:
        """Let the file go; closing twice is fine."""
        self._file.close()


def checked_text(text: str) -> str:
    """The text itself. Raises `ValueError` where some of its bytes are not of the file's encoding."""
    if not text.isascii() and _SURROGATE.search(text):
        raise ValueError("is not UTF-8, or not of the encoding named")
    return text


def find_encoding(path: Path) -> str:
    """A text file's encoding: by its byte order mark, UTF-16's zero bytes, or whether it is UTF-8; else `WESTERN`.

    A file of which more is UTF-8 than not is UTF-8 with faults. Raises `InvalidRequestError` where the text would
    make no sense as `WESTERN`.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if marked := next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None):
        return marked
    if wide := next((name for at, name in enumerate(("utf-16-be", "utf-16-le")) if _zeros(head[at::2])), None):
        return wide
    proper, faulty = _count_in_utf8(path)
    if proper >= faulty:
        return "utf-8"
    if _is_western(path):
        return WESTERN
    raise InvalidRequestError(
        path.name, "is not UTF-8: save it as CSV UTF-8, or name its --encoding (Excel's are cp1250, cp1251, cp932, …)"
    )


def _zeros(half: bytes) -> bool:
    return half.count(0) > len(half) // 2


def _count_in_utf8(path: Path) -> tuple[int, int]:
    """How many characters beyond ASCII there are, and how many bytes that are none."""
    proper = faulty = 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        while chunk := file.read(_CHUNK):
            if not chunk.isascii():
                wrong = len(re.findall("[\udc80-\udcff]", chunk))
                proper += len(re.findall(r"[^\x00-\x7f]", chunk)) - wrong
                faulty += wrong
    return proper, faulty


def _is_western(path: Path) -> bool:
    try:
        with path.open(encoding=WESTERN, newline="") as file:
            return not any(_NOT_WESTERN.search(chunk) for chunk in iter(lambda: file.read(_CHUNK), ""))
    except UnicodeDecodeError:
        return False
