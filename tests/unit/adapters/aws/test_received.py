import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.aws.received import read_received
from lookalike.adapters.aws.work_queue import Message, Reading, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.ports.work_queue import Pointer

UPLOAD = UploadId("abcdefgh12345678")
POINTER = Pointer(CatalogueId("shop"), UPLOAD)


def record(key: Any, event: Any = "ObjectCreated:Post") -> dict[str, Any]:
    return {"eventName": event, "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}


def notice(*keys: str, event: str = "ObjectCreated:Post") -> str:
    return json.dumps({"Records": [record(key, event) for key in keys]})


def test_a_notice_names_each_upload() -> None:
    other = UploadId("other-upload-0001")
    found = read_received(notice(f"uploads/shop/{UPLOAD}", f"uploads/shop/{other}"))
    assert found == Reading((Message(POINTER), Message(Pointer(CatalogueId("shop"), other))))


def test_keys_are_decoded_as_s3_writes_them() -> None:
    assert read_received(notice(f"uploads%2Fshop%2F{UPLOAD}")) == Reading((Message(POINTER),))


def test_a_pointer_that_was_sent_back_keeps_its_number() -> None:
    sent_back = Message(POINTER, "req-1")
    assert read_received(write_pointer(sent_back)) == Reading((sent_back,))


def test_s3_trying_the_queue_is_nothing_to_do() -> None:
    assert read_received(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})) == Reading()


@pytest.mark.parametrize("event", ["ObjectRemoved:Delete", "ObjectTagging:Put", "LifecycleTransition"])
def test_what_is_no_new_object_is_nothing_to_do(event: str) -> None:
    assert read_received(notice(f"uploads/shop/{UPLOAD}", event=event)) == Reading()


def test_a_notice_of_nothing_is_nothing_to_do() -> None:
    assert read_received('{"Records": []}') == Reading()


UNUSABLE: list[Any] = [
    None,
    1,
    "text",
    [],
    {},
    record(f"uploads/shop/{UPLOAD}", event=None),
    {"eventName": "ObjectCreated:Put"},
    {"eventName": "ObjectCreated:Put", "s3": {"object": None}},
    record(None),
    record(["uploads"]),
    record(""),
    record("prepared/shop/abcdefgh12345678"),
    record("uploads/shop"),
    record("uploads/shop/"),
    record("uploads//abcdefgh12345678"),
    record("uploads/SHOP/abcdefgh12345678"),
    record("uploads/shop/more/abcdefgh12345678"),
    record("uploads/shop/too-short"),
    record("uploads/shop/%ff"),
    record("uploads/shop/\ud800bcdefgh12345678"),
]


@pytest.mark.parametrize("bad", UNUSABLE, ids=repr)
def test_an_unusable_record_is_told_of(bad: Any) -> None:
    found = read_received(json.dumps({"Records": [bad]}))
    assert found.messages == ()
    assert found.error


@pytest.mark.parametrize("body", ["", "null", "[]", "{", "1" * 5000, '{"Records": 1}', '{"catalogue": "shop"}', "{}"])
def test_an_unusable_body_is_told_of(body: str) -> None:
    found = read_received(body)
    assert found.messages == ()
    assert found.error


good_records = st.from_regex(UploadId.pattern, fullmatch=True).map(lambda name: record(f"uploads%2Fshop%2F{name}"))
other_events = st.sampled_from([record(f"uploads/shop/{UPLOAD}", event="ObjectRemoved:Delete")])


@given(st.lists(st.one_of(good_records, other_events, st.sampled_from(UNUSABLE)), max_size=12))
def test_of_any_mixture_exactly_the_good_records_are_read_and_the_bad_ones_told(records: list[Any]) -> None:
    bad = [each for each in records if each in UNUSABLE]
    good = [each for each in records if each not in UNUSABLE and each["eventName"].startswith("ObjectCreated:")]
    found = read_received(json.dumps({"Records": records}))
    names = [each["s3"]["object"]["key"].rpartition("%2F")[2] for each in good]
    assert [message.pointer for message in found.messages] == [
        Pointer(CatalogueId("shop"), UploadId(name)) for name in names
    ]
    assert bool(found.error) is bool(bad)
    assert (f"(and {len(bad) - 1} more)" in found.error) is (len(bad) > 1)


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
    assert isinstance(read_received(json.dumps(given_)), Reading)
