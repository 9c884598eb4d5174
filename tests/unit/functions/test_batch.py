import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from functions.batch import Consumer, work_off
from lookalike.adapters.aws.correlation import correlation_of
from lookalike.adapters.aws.received import read_received
from lookalike.adapters.aws.work_queue import Message, Reading, parse_pointer, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import UnavailableError
from lookalike.ports.work_queue import Pointer
from lookalike.services.outcome import Outcome

POINTERS = [Pointer(CatalogueId("shop"), UploadId(f"upload-number-{n:04d}")) for n in range(4)]
Step = Callable[[Sequence[Pointer]], list[Outcome]]


def batch(*bodies: str) -> dict[str, Any]:
    records = [{"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    return {"Records": records}


def letters(*pointers: Pointer) -> dict[str, Any]:
    return batch(*(write_pointer(Message(pointer, f"of-{pointer.upload}")) for pointer in pointers))


def taking(step: Step) -> Consumer:
    return Consumer(
        read=lambda body: Reading.of([body], parse_pointer),
        correlations=lambda messages: {message.pointer: message.correlation for message in messages},
        step=step,
    )


def again(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_one_step_for_the_whole_batch() -> None:
    calls: list[Sequence[Pointer]] = []

    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        calls.append(pointers)
        return [Outcome(pointer) for pointer in pointers]

    assert again(work_off(letters(*POINTERS, POINTERS[0]), None, taking(step))) == []
    assert calls == [POINTERS]


def test_only_what_failed_comes_again() -> None:
    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        return [Outcome(pointer, "not yet" if pointer == POINTERS[1] else "") for pointer in pointers]

    assert again(work_off(letters(*POINTERS), None, taking(step))) == ["m1"]


def test_every_copy_of_what_failed_comes_again() -> None:
    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        return [Outcome(pointer, "not yet" if pointer == POINTERS[1] else "") for pointer in pointers]

    assert again(work_off(letters(POINTERS[1], POINTERS[0], POINTERS[1]), None, taking(step))) == ["m0", "m2"]


def test_poison_does_not_touch_its_neighbours() -> None:
    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        if POINTERS[2] in pointers:
            raise RuntimeError("no")
        return [Outcome(pointer) for pointer in pointers]

    assert again(work_off(letters(*POINTERS), None, taking(step))) == ["m2"]


def test_what_cannot_be_read_does_not_touch_its_neighbours() -> None:
    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        return [Outcome(pointer) for pointer in pointers]

    event = batch("{", write_pointer(Message(POINTERS[0])), '{"catalogue": "NO"}')
    assert again(work_off(event, None, taking(step))) == ["m0", "m2"]


def notice(*keys: str) -> str:
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": k}}} for k in keys]})


def test_an_unusable_key_does_not_touch_the_others_of_its_message() -> None:
    calls: list[Sequence[Pointer]] = []

    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        calls.append(pointers)
        return [Outcome(pointer) for pointer in pointers]

    keys = [f"uploads%2Fshop%2F{pointer.upload}" for pointer in POINTERS]
    event = batch(notice(keys[0], "uploads%2Freadme.txt", keys[1]), notice(keys[2]), notice("uploads/shop/"))
    consumer = Consumer(read=read_received, correlations=lambda _: {}, step=step)
    assert again(work_off(event, None, consumer)) == ["m0", "m2"]
    assert calls == [POINTERS[:3]]


def test_a_message_is_done_once_all_of_its_uploads_are() -> None:
    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        return [Outcome(pointer, "not yet" if pointer == POINTERS[1] else "") for pointer in pointers]

    keys = [f"uploads/shop/{pointer.upload}" for pointer in POINTERS]
    consumer = Consumer(read=read_received, correlations=lambda _: {}, step=step)
    assert again(work_off(batch(notice(*keys[:2]), notice(*keys[2:])), None, consumer)) == ["m0"]


def test_nothing_is_tried_one_by_one_when_a_part_is_down() -> None:
    calls: list[Sequence[Pointer]] = []

    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        calls.append(pointers)
        raise UnavailableError("the model is away")

    with pytest.raises(BatchProcessingError, match="the model is away"):
        work_off(letters(*POINTERS), None, taking(step))
    assert calls == [POINTERS]


def test_each_upload_keeps_its_number_on_the_way() -> None:
    seen: dict[Pointer, str] = {}

    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        seen.update({pointer: correlation_of(pointer) for pointer in pointers})
        return [Outcome(pointer) for pointer in pointers]

    work_off(letters(*POINTERS), None, taking(step))
    assert seen == {pointer: f"of-{pointer.upload}" for pointer in POINTERS}


def test_a_message_that_points_to_nothing_is_done() -> None:
    calls: list[Sequence[Pointer]] = []

    def step(pointers: Sequence[Pointer]) -> list[Outcome]:
        calls.append(pointers)
        return []

    consumer = Consumer(read=lambda _: Reading(), correlations=lambda _: {}, step=step)
    assert again(work_off(batch("a test of the queue"), None, consumer)) == []
    assert calls == []
