import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.correlation import carrying
from lookalike.adapters.aws.work_queue import Message, SqsWorkQueue, parse_pointer, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError, UnavailableError
from lookalike.ports.work_queue import Pointer
from lookalike.testing.examples import OTHER_SHOP, SHOP, upload_id
from tests.contract.aws_adapters import EmulatedAws

Refuse = Callable[[int, str], str]


class Sqs:
    """Answers SendMessageBatch; `refuse` tells the code with which it refuses a body at an attempt, or nothing."""

    def __init__(self, refuse: Refuse, *, senders_fault: bool = False) -> None:
        self.accepted: list[str] = []
        self.calls = 0
        self._refuse = refuse
        self._senders_fault = senders_fault

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "queue"
        assert 1 <= len(Entries) <= 10
        assert sum(len(entry["MessageBody"].encode()) for entry in Entries) <= 256 * 1024
        attempt, self.calls = self.calls, self.calls + 1
        codes = {entry["Id"]: self._refuse(attempt, entry["MessageBody"]) for entry in Entries}
        self.accepted += [entry["MessageBody"] for entry in Entries if not codes[entry["Id"]]]
        failed = [{"Id": i, "Code": code, "SenderFault": self._senders_fault} for i, code in codes.items() if code]
        return {"Failed": failed} if failed else {}


def queue_on(client: Sqs) -> SqsWorkQueue:
    return SqsWorkQueue(client, url="queue", backoff=Backoff(sleep=lambda _: None))  # type: ignore[arg-type]


def pointers(count: int) -> list[Pointer]:
    return [Pointer(SHOP, upload_id(n)) for n in range(count)]


def test_the_refused_part_of_a_batch_is_sent_again() -> None:
    sqs = Sqs(lambda attempt, body: "InternalError" if attempt < 3 and upload_id(4) in body else "")
    queue_on(sqs).send_many(pointers(10))
    sent = [parse_pointer(body).pointer for body in sqs.accepted]
    assert sorted(sent, key=lambda pointer: pointer.upload) == pointers(10)
    assert len(sent) == len(set(sent))


def test_what_stays_refused_is_an_error_and_not_lost_silently() -> None:
    sqs = Sqs(lambda _, body: "InternalError" if upload_id(4) in body else "")
    with pytest.raises(UnavailableError, match="InternalError"):
        queue_on(sqs).send_many(pointers(10))
    assert sqs.calls == Backoff().attempts


def test_our_own_fault_is_not_repeated() -> None:
    sqs = Sqs(lambda *_: "AccessDenied", senders_fault=True)
    with pytest.raises(UnavailableError):
        queue_on(sqs).send_many(pointers(3))
    assert sqs.calls == 1


def test_a_hundred_messages_take_ten_calls() -> None:
    sqs = Sqs(lambda *_: "")
    queue_on(sqs).send_many(pointers(100))
    assert sqs.calls == 10
    assert len(sqs.accepted) == 100


def test_ten_of_the_longest_messages_fit_a_batch() -> None:
    longest = Message(Pointer(CatalogueId("c" * 63), UploadId("u" * 64)), "\N{SNOWMAN}" * 1000)
    assert 10 * len(write_pointer(longest).encode()) < 256 * 1024


def test_a_message_points_and_carries_its_correlation_id(aws: EmulatedAws) -> None:
    url = aws.queue()
    ours, theirs = Pointer(SHOP, upload_id(1)), Pointer(OTHER_SHOP, upload_id(1))
    with carrying({ours: "request-1"}, otherwise="request-2"):
        SqsWorkQueue(aws.sqs, url=url).send_many([ours, theirs])
    received = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {parse_pointer(message["Body"]) for message in received} == {
        Message(ours, "request-1"),
        Message(theirs, "request-2"),
    }


@given(body=st.one_of(st.text(), st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps)))
def test_any_other_body_is_refused(body: str) -> None:
    with pytest.raises(InvalidRequestError):
        parse_pointer(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"catalogue": "../other"},
        {"catalogue": None},
        {"upload": 7},
        {"upload": "short"},
        {"correlation": 7},
        {"correlation": "x" * 129},
    ],
)
def test_a_message_with_one_bad_part_is_refused_by_its_name(changes: dict[str, Any]) -> None:
    good = json.loads(write_pointer(Message(Pointer(SHOP, upload_id(1)), "request-1")))
    with pytest.raises(InvalidRequestError) as met:
        parse_pointer(json.dumps(good | changes))
    assert met.value.field in changes


def test_a_very_deep_body_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        parse_pointer("[" * 100_000)
