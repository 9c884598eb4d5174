"""Pre-signed forms, however they are cut and whatever they hold."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.contract.problems import HttpError
from lookalike.contract.upload_post import UploadPost

TYPE = "multipart/form-data; boundary=edge"
FIELDS = {"key": "uploads/shop/u", "Content-Type": "image/jpeg"}


def form(file: bytes, after: bytes = b"") -> bytes:
    fields = b"".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in FIELDS.items()
    )
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="x"\r\nContent-Type: text/html\r\n\r\n'
    return fields + head + file + b"\r\n" + after + b"--edge--\r\n"


def reader(seen: list[Mapping[str, str]], most: int = 1000) -> UploadPost:
    def admit(fields: Mapping[str, str]) -> int:
        seen.append(dict(fields))
        return most

    return UploadPost(TYPE, admit)


@given(file=st.binary(max_size=300), cuts=st.lists(st.integers(0, 700), max_size=8))
def test_it_reads_the_same_however_it_is_cut(file: bytes, cuts: list[int]) -> None:
    seen: list[Mapping[str, str]] = []
    post, body = reader(seen), form(file)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, end in pairwise(edges):
        post.feed(body[start:end])
    assert post.file() == file
    assert seen == [FIELDS]


@given(body=st.binary(max_size=400), start=st.integers(0, 400))
def test_any_bytes_are_read_or_refused(body: bytes, start: int) -> None:
    post = reader([])
    try:
        post.feed(form(b"x" * 50)[:start] + body)
        assert len(post.file()) <= 1000
    except HttpError as error:
        assert error.status == 400  # noqa: PT017 (either is right; anything else is not)


def test_what_follows_the_file_is_ignored() -> None:
    seen: list[Mapping[str, str]] = []
    post = reader(seen)
    post.feed(form(b"abc", after=b'--edge\r\nContent-Disposition: form-data; name="key"\r\n\r\nother\r\n'))
    assert post.file() == b"abc"
    assert seen == [FIELDS]


@pytest.mark.parametrize(("size", "fits"), [(10, True), (11, False)])
def test_no_more_than_admitted(size: int, fits: bool) -> None:
    post = reader([], most=10)
    if fits:
        post.feed(form(b"x" * size))
        assert post.file() == b"x" * size
    else:
        with pytest.raises(HttpError, match="larger than the 10 bytes"):
            post.feed(form(b"x" * size))


def test_too_many_fields_are_refused() -> None:
    part = '--edge\r\nContent-Disposition: form-data; name="f{}"\r\n\r\nv\r\n'
    with pytest.raises(HttpError, match="one too many"):
        reader([]).feed("".join(part.format(n) for n in range(40)).encode())
