import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.aws.received import read_received
from lookalike.adapters.aws.work_queue import Message, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError
from lookalike.ports.work_queue import Pointer

UPLOAD = UploadId("abcdefgh12345678")
POINTER = Pointer(CatalogueId("shop"), UPLOAD)


def notice(*keys: str, event: str = "ObjectCreated:Post") -> str:
    records = [{"eventName": event, "s3": {"bucket": {"name": "b"}, "object": {"key": key}}} for key in keys]
    return json.dumps({"Records": records})


def test_a_notice_names_each_upload() -> None:
    other = UploadId("other-upload-0001")
    found = read_received(notice(f"uploads/shop/{UPLOAD}", f"uploads/shop/{other}"))
    assert [message.pointer for message in found] == [POINTER, Pointer(CatalogueId("shop"), other)]


def test_keys_are_decoded_as_s3_writes_them() -> None:
    assert read_received(notice(f"uploads%2Fshop%2F{UPLOAD}")) == [Message(POINTER)]


def test_a_pointer_that_was_sent_back_keeps_its_number() -> None:
    assert read_received(write_pointer(Message(POINTER, "req-1"))) == [Message(POINTER, "req-1")]


def test_s3_trying_the_queue_is_nothing_to_do() -> None:
    assert read_received(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})) == []


def test_an_object_that_goes_is_nothing_to_do() -> None:
    assert read_received(notice(f"uploads/shop/{UPLOAD}", event="ObjectRemoved:Delete")) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{",
        '{"Records": 1}',
        '{"Records": [1]}',
        '{"Records": [{"eventName": null}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put"}]}',
        notice("prepared/shop/abcdefgh12345678"),
        notice("uploads/shop"),
        notice("uploads/SHOP/abcdefgh12345678"),
        notice("uploads/shop/%ff"),
        '{"catalogue": "shop"}',
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_received(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda some: (
            st.lists(some)
            | st.dictionaries(
                st.sampled_from(["Records", "eventName", "s3", "object", "key", "Event", "catalogue", "upload"]), some
            )
        ),
        max_leaves=8,
    )
)
def test_no_json_breaks_it(given_: Any) -> None:
    try:
        messages = read_received(json.dumps(given_))
    except InvalidRequestError:
        return
    assert all(isinstance(message, Message) for message in messages)
