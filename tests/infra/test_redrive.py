"""The redrive command on emulated queues and tables, under the names that the stack exports them by."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from infra.redrive import main
from infra.rehearsal.plan import Plan
from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.aws.tables import PHOTOS, UPLOADS
from lookalike.adapters.aws.work_queue import Message, write_pointer
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import Rejection
from lookalike.ports.work_queue import Pointer
from tests.contract.aws_adapters import EmulatedAws, emulated_aws

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = CatalogueId("shop")
REGION = "eu-north-1"
_numbers = count(1)

Redrive = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Standing:
    """Queues and tables of one region, and what its stack exports of them."""

    aws: EmulatedAws
    place: dict[str, Any]

    @property
    def outputs(self) -> dict[str, Any]:
        return {**self.place, "regions": {REGION: self.place}}


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatedAws]:
    with emulated_aws() as aws:
        yield aws


@pytest.fixture
def standing(emulated: EmulatedAws) -> Standing:
    queues = [f"{name}_{kind}_url" for name in ("received", "to_embed") for kind in ("queue", "dead_letter")]
    tables = {"uploads": emulated.table(UPLOADS), "photos": emulated.table(PHOTOS)}
    return Standing(emulated, {**{name: emulated.queue() for name in queues}, "tables": tables})


@pytest.fixture
def redrive(standing: Standing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Redrive:
    """Runs the command as a shell would: outputs on standard input, credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    def run(*arguments: str, outputs: Any = None) -> tuple[int, str, str]:
        given = standing.outputs if outputs is None else outputs
        monkeypatch.setattr("sys.stdin", io.StringIO(given if isinstance(given, str) else json.dumps(given)))
        code = main([*arguments, "--endpoint-url", standing.aws.sqs.meta.endpoint_url])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def moved_upload(standing: Standing, move: Callable[[Upload], Upload]) -> Pointer:
    tables = standing.outputs["tables"]
    ledger = DynamoLedger(standing.aws.dynamodb, uploads=tables["uploads"], photos=tables["photos"])
    upload = Upload(UploadId(f"upload-of-redrive-{next(_numbers):04}"), SHOP, "image/jpeg", NOW, NOW)
    ledger.open_many([upload])
    assert ledger.advance_many([move(upload)]) == []
    return Pointer(SHOP, upload.id)


def failed_upload(standing: Standing, cause: str) -> Pointer:
    return moved_upload(standing, lambda upload: upload.failed(cause, NOW))


def done_upload(standing: Standing) -> Pointer:
    return moved_upload(standing, lambda upload: upload.rejected(Rejection.NOT_AN_IMAGE, "no photo", NOW))


def bury(standing: Standing, body: str, queue: str = "to_embed") -> None:
    standing.aws.sqs.send_message(QueueUrl=standing.outputs[f"{queue}_dead_letter_url"], MessageBody=body)


def depth(standing: Standing, output: str) -> int:
    answer = standing.aws.sqs.get_queue_attributes(
        QueueUrl=standing.outputs[output], AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_letters_are_told_of_by_cause_and_nothing_moves_without_yes(standing: Standing, redrive: Redrive) -> None:
    for cause in ("embedder does not answer", "embedder does not answer", "index is full"):
        bury(standing, write_pointer(Message(failed_upload(standing, cause))))
    code, out, err = redrive("to-embed")
    assert (code, err) == (0, "")
    assert "2  failed: embedder does not answer" in out
    assert "1  failed: index is full" in out
    assert "--yes" in out
    assert depth(standing, "to_embed_dead_letter_url") == 3
    assert depth(standing, "to_embed_queue_url") == 0


def test_only_letters_of_the_cause_asked_for_are_sent_back(standing: Standing, redrive: Redrive) -> None:
    for cause in ("embedder does not answer", "index is full"):
        bury(standing, write_pointer(Message(failed_upload(standing, cause))))
    code, out, _ = redrive("to-embed", "--cause", "embedder", "--yes")
    assert code == 0
    assert "1 sent back" in out
    assert depth(standing, "to_embed_queue_url") == 1
    assert depth(standing, "to_embed_dead_letter_url") == 1


def test_running_it_again_moves_nothing_more(standing: Standing, redrive: Redrive) -> None:
    bury(standing, write_pointer(Message(failed_upload(standing, "index is full"))))
    assert "1 sent back" in redrive("to-embed", "--yes")[1]
    assert "no dead letters" in redrive("to-embed", "--yes")[1]
    assert depth(standing, "to_embed_queue_url") == 1


def test_s3_s_notices_and_what_cannot_be_read_have_their_causes_too(standing: Standing, redrive: Redrive) -> None:
    pointer = failed_upload(standing, "store does not answer")
    key = f"uploads/{pointer.catalogue}/{pointer.upload}"
    bury(
        standing,
        json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": key}}}]}),
        "received",
    )
    bury(standing, "half a mess", "received")
    bury(standing, write_pointer(Message(Pointer(SHOP, UploadId("never-asked-for-this-one")))), "received")
    out = redrive("received")[1]
    assert "1  failed: store does not answer" in out
    assert "1  cannot be read" in out
    assert "1  the ledger knows no such upload" in out


def test_a_message_of_several_uploads_has_the_cause_of_the_one_that_failed(
    standing: Standing, redrive: Redrive
) -> None:
    done, failed = done_upload(standing), failed_upload(standing, "index is full")
    records = [
        {"eventName": "ObjectCreated:Post", "s3": {"object": {"key": f"uploads/{pointer.catalogue}/{pointer.upload}"}}}
        for pointer in (done, failed)
    ]
    bury(standing, json.dumps({"Records": records}), "received")
    bury(standing, json.dumps({"Records": [*records, {**records[0], "s3": {"object": {"key": "no"}}}]}), "received")
    out = redrive("received")[1]
    assert "1  failed: index is full" in out
    assert "1  cannot be read: key: 'no'" in out


@pytest.mark.parametrize("outputs", ["no json", "{}", '{"regions": {}}', '{"regions": {"eu-central-1": {}}}'])
def test_outputs_of_another_stack_are_refused_with_a_sentence(redrive: Redrive, outputs: str) -> None:
    code, out, err = redrive("received", outputs=outputs)
    assert code == 2
    assert out == ""
    assert "the stack's outputs cannot be used" in err


def test_a_region_is_asked_for_where_there_are_several(standing: Standing, redrive: Redrive) -> None:
    two = {"regions": {REGION: standing.place, "us-east-1": {}}}
    assert redrive("received", outputs=two)[0] == 2
    assert redrive("received", "--region", REGION, outputs=two)[0] == 0


@pytest.mark.parametrize("profile", ["starter", "production"])
def test_the_stack_exports_what_is_read(profile: str, standing: Standing, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(profile)
    for place in plan.outputs["regions"].values():
        assert set(standing.place) <= set(place)
        assert set(standing.place["tables"]) <= set(place["tables"])
