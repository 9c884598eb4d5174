"""The redrive command against the rehearsed stack: its own outputs, its own queues and tables."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from infra.redrive import main
from infra.rehearsal import Rehearsed
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.work_queue import Message, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadId
from lookalike.ports.work_queue import Pointer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = CatalogueId("shop")
_numbers = count(1)

Redrive = Callable[..., tuple[int, str, str]]


@pytest.fixture
def redrive(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Redrive]:
    """Runs the command as a shell would: outputs on standard input, credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    def run(*arguments: str, outputs: Any = None) -> tuple[int, str, str]:
        given = rehearsed.outputs if outputs is None else outputs
        monkeypatch.setattr("sys.stdin", io.StringIO(given if isinstance(given, str) else json.dumps(given)))
        code = main([*arguments, "--endpoint-url", rehearsed.endpoint_url])
        told = capsys.readouterr()
        return code, told.out, told.err

    yield run
    for name in ("received", "to_embed"):
        for kind in ("queue", "dead_letter"):
            _empty(rehearsed, rehearsed.outputs[f"{name}_{kind}_url"])


def _empty(rehearsed: Rehearsed, url: str) -> None:
    sqs = rehearsed.clients.sqs
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def failed_upload(rehearsed: Rehearsed, cause: str) -> Pointer:
    tables = rehearsed.outputs["tables"]
    ledger = DynamoLedger(rehearsed.clients.dynamodb, uploads=tables["uploads"], photos=tables["photos"])
    upload = Upload(UploadId(f"upload-of-redrive-{next(_numbers):04}"), SHOP, "image/jpeg", NOW, NOW)
    ledger.open_many([upload])
    assert ledger.advance_many([upload.failed(cause, NOW)]) == []
    return Pointer(SHOP, upload.id)


def bury(rehearsed: Rehearsed, body: str, queue: str = "to_embed") -> None:
    rehearsed.clients.sqs.send_message(QueueUrl=rehearsed.outputs[f"{queue}_dead_letter_url"], MessageBody=body)


def depth(rehearsed: Rehearsed, output: str) -> int:
    answer = rehearsed.clients.sqs.get_queue_attributes(
        QueueUrl=rehearsed.outputs[output], AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_letters_are_told_of_by_cause_and_nothing_moves_without_yes(rehearsed: Rehearsed, redrive: Redrive) -> None:
    for cause in ("embedder does not answer", "embedder does not answer", "index is full"):
        bury(rehearsed, write_pointer(Message(failed_upload(rehearsed, cause))))
    code, out, err = redrive("to-embed")
    assert (code, err) == (0, "")
    assert "2  failed: embedder does not answer" in out
    assert "1  failed: index is full" in out
    assert "--yes" in out
    assert depth(rehearsed, "to_embed_dead_letter_url") == 3
    assert depth(rehearsed, "to_embed_queue_url") == 0


def test_only_letters_of_the_cause_asked_for_are_sent_back(rehearsed: Rehearsed, redrive: Redrive) -> None:
    for cause in ("embedder does not answer", "index is full"):
        bury(rehearsed, write_pointer(Message(failed_upload(rehearsed, cause))))
    code, out, _ = redrive("to-embed", "--cause", "embedder", "--yes")
    assert code == 0
    assert "1 sent back" in out
    assert depth(rehearsed, "to_embed_queue_url") == 1
    assert depth(rehearsed, "to_embed_dead_letter_url") == 1


def test_running_it_again_moves_nothing_more(rehearsed: Rehearsed, redrive: Redrive) -> None:
    bury(rehearsed, write_pointer(Message(failed_upload(rehearsed, "index is full"))))
    assert "1 sent back" in redrive("to-embed", "--yes")[1]
    assert "no dead letters" in redrive("to-embed", "--yes")[1]
    assert depth(rehearsed, "to_embed_queue_url") == 1


def test_s3_s_notices_and_what_cannot_be_read_have_their_causes_too(rehearsed: Rehearsed, redrive: Redrive) -> None:
    pointer = failed_upload(rehearsed, "store does not answer")
    key = f"uploads/{pointer.catalogue}/{pointer.upload}"
    bury(
        rehearsed,
        json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": key}}}]}),
        "received",
    )
    bury(rehearsed, "half a mess", "received")
    bury(rehearsed, write_pointer(Message(Pointer(SHOP, UploadId("never-asked-for-this-one")))), "received")
    out = redrive("received")[1]
    assert "1  failed: store does not answer" in out
    assert "1  cannot be read" in out
    assert "1  the ledger knows no such upload" in out


@pytest.mark.parametrize("outputs", ["no json", "{}", '{"regions": {}}', '{"regions": {"eu-central-1": {}}}'])
def test_outputs_of_another_stack_are_refused_with_a_sentence(redrive: Redrive, outputs: str) -> None:
    code, out, err = redrive("received", outputs=outputs)
    assert code == 2
    assert out == ""
    assert "the stack's outputs cannot be used" in err
