from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from functions import runtime
from functions.batch import Consumer, work_off
from functions.counted_events import CountedEventLog
from functions.gateway import answer
from lookalike.adapters.aws.work_queue import Message, Reading, parse_pointer, write_pointer
from lookalike.contract.http import HttpResponse
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import UnavailableError
from lookalike.ports.event_log import Event, EventKind
from lookalike.ports.work_queue import Pointer
from lookalike.services.outcome import Outcome
from lookalike.testing.event_log import InMemoryEventLog

SHOP = CatalogueId("shop")


@pytest.fixture(autouse=True)
def emitted() -> Iterator[dict[str, Any]]:
    """The metrics of this run, by name, with their values."""
    runtime.metrics().clear_metrics()
    yield runtime.metrics().metric_set
    runtime.metrics().clear_metrics()


def event(kind: EventKind) -> Event:
    return Event(SHOP, kind, "subject", datetime(2026, 1, 1, tzinfo=UTC))


def request() -> dict[str, Any]:
    context = {"requestId": "r", "http": {"method": "GET", "path": "/v1/health"}}
    return {"requestContext": context, "rawPath": "/v1/health", "headers": {}}


def test_an_answers_stages_are_milliseconds_of_their_own(emitted: dict[str, Any]) -> None:
    headers = {"Server-Timing": "embed;dur=12.50, search;dur=3.00, total;dur=16.25"}
    answer(lambda _: HttpResponse(200, headers, b""), request(), "catalogue")
    assert emitted["Answers2xx"]["Value"] == [1.0]
    assert {name: (m["Unit"], m["Value"]) for name, m in emitted.items() if name.startswith("Stage")} == {
        "StageEmbed": ("Milliseconds", [12.5]),
        "StageSearch": ("Milliseconds", [3.0]),
        "StageTotal": ("Milliseconds", [16.25]),
    }


def test_a_batchs_size_is_what_came(emitted: dict[str, Any]) -> None:
    pointers = [Pointer(SHOP, UploadId(f"upload-number-{n:04d}")) for n in range(3)]
    bodies = [write_pointer(Message(pointer, "")) for pointer in pointers]
    records = [{"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    consumer = Consumer(
        lambda body: Reading.of([body], parse_pointer), lambda _: {}, lambda some: [Outcome(p) for p in some]
    )
    work_off({"Records": records}, None, consumer)
    assert emitted["BatchSize"]["Value"] == [3.0]
    assert emitted["MessagesDone"]["Value"] == [3.0]


def test_what_happened_is_counted_once_it_is_written(emitted: dict[str, Any]) -> None:
    log = CountedEventLog(InMemoryEventLog())
    log.append_many([event(EventKind.PHOTO_INDEXED), event(EventKind.PHOTO_REJECTED), event(EventKind.PHOTO_INDEXED)])
    assert (emitted["PhotoIndexed"]["Value"], emitted["PhotoRejected"]["Value"]) == ([2.0], [1.0])
    assert len(log.tail(SHOP, 10)) == 3


def test_what_could_not_be_written_did_not_happen(emitted: dict[str, Any]) -> None:
    class Down(InMemoryEventLog):
        def append_many(self, events: Any) -> None:
            raise UnavailableError(f"no room for {len(events)}")

    with pytest.raises(UnavailableError):
        CountedEventLog(Down()).append_many([event(EventKind.PHOTO_INDEXED)])
    assert not emitted
