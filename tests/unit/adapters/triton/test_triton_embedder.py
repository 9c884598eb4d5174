import threading
import time
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.errors import InvalidRequestError, OverloadedError, UnavailableError
from lookalike.ports.embedder import Pixels, Priority
from tests.unit.adapters.triton.fake_server import PARAMETERS, SIDE, Behaviour, fake_triton


@pytest.fixture
def server() -> Behaviour:
    return Behaviour()


@pytest.fixture
def embedder(server: Behaviour) -> Iterator[TritonEmbedder]:
    with fake_triton(server) as address, open_client(address) as client:
        yield TritonEmbedder(client, "toy")


def photos(count: int) -> list[Pixels]:
    return [np.full((SIDE, SIDE, 3), number, np.uint8) for number in range(count)]


def test_facts_come_from_the_servers_configuration_and_are_asked_once(
    embedder: TritonEmbedder, server: Behaviour
) -> None:
    for _ in range(3):
        facts = embedder.facts
        embedder.embed_many(photos(1), Priority.BULK)
    assert (facts.version, facts.preparation, facts.input_size) == ("toy-0123456789ab-p1", "1", SIDE)
    assert facts.categories == ("dress", "shirt")
    assert (facts.similarity_slope, facts.similarity_intercept) == (12.5, -9.0)
    assert server.asked == 1


@pytest.mark.parametrize("missing", PARAMETERS)
def test_a_model_that_does_not_tell_about_itself_is_not_used(
    embedder: TritonEmbedder, server: Behaviour, missing: str
) -> None:
    del server.parameters[missing]
    with pytest.raises(UnavailableError, match="not a model of ours"):
        _ = embedder.facts


def test_bulk_work_goes_to_the_model_that_is_named_for_it(embedder: TritonEmbedder, server: Behaviour) -> None:
    server.parameters["bulk_model"] = "toy-bulk"
    server.others["toy-bulk"] = (dict(PARAMETERS), 16)
    embedder.embed_many(photos(7), Priority.BULK)
    embedder.embed_many(photos(7), Priority.INTERACTIVE)
    asked = [(request.model_name, request.inputs[0].shape[0]) for request in server.requests]
    assert asked[0] == ("toy-bulk", 7)
    assert sorted(asked[1:]) == [("toy", 3), ("toy", 4)]


@pytest.mark.parametrize(
    ("fact", "other"),
    [("version", "toy-ffffffffffff-p1"), ("preparation", "2"), ("similarity_slope", "2.0")],
)
def test_bulk_work_does_not_go_to_another_version(
    embedder: TritonEmbedder, server: Behaviour, fact: str, other: str
) -> None:
    server.parameters["bulk_model"] = "toy-bulk"
    server.others["toy-bulk"] = ({**PARAMETERS, fact: other}, 16)
    for priority in Priority:
        with pytest.raises(UnavailableError, match="toy-bulk is of another version than its toy"):
            embedder.embed_many(photos(1), priority)
    server.others["toy-bulk"] = (dict(PARAMETERS), 16)
    assert len(embedder.embed_many(photos(1), Priority.BULK)) == 1


@pytest.mark.parametrize("count", [1, 4, 5, 23])
def test_photos_go_in_the_servers_batches_and_come_back_in_order(
    embedder: TritonEmbedder, server: Behaviour, count: int
) -> None:
    predictions = embedder.embed_many(photos(count), Priority.BULK)
    assert [int(prediction.embedding.vector.argmax()) for prediction in predictions] == list(range(count))
    sizes = sorted(request.inputs[0].shape[0] for request in server.requests)
    assert sum(sizes) == count
    assert len(sizes) == -(-count // 4)
    assert max(sizes) <= 4


@pytest.mark.parametrize(("priority", "level"), [(Priority.INTERACTIVE, 1), (Priority.BULK, 2)])
def test_a_request_says_who_waits_how_long_and_for_which_version(
    embedder: TritonEmbedder, server: Behaviour, priority: Priority, level: int
) -> None:
    server.versions = ("2", "10", "9")
    embedder.embed_many(photos(1), priority)
    (request,) = server.requests
    assert request.parameters["priority"].uint64_param == level
    assert request.parameters["timeout"].int64_param == {1: 1_000_000, 2: 20_000_000}[level]
    assert request.model_version == "10"


def test_no_more_of_one_calls_requests_are_open_than_allowed(server: Behaviour) -> None:
    open_now, most, lock = 0, 0, threading.Lock()

    class Counting:
        """The real client, and how many of its requests are under way."""

        def __init__(self, client: object) -> None:
            self._client = client

        def __getattr__(self, name: str) -> object:
            return getattr(self._client, name)

        def infer(self, *given: object, **named: object) -> object:
            nonlocal open_now, most
            with lock:
                open_now += 1
                most = max(most, open_now)
            time.sleep(0.02)
            try:
                return self._client.infer(*given, **named)  # type: ignore[attr-defined]  # the real one has it
            finally:
                with lock:
                    open_now -= 1

    with fake_triton(server) as address, open_client(address) as client:
        counting = TritonEmbedder(Counting(client), "toy", concurrency=3)
        assert len(counting.embed_many(photos(40), Priority.BULK)) == 40
    assert most == 3


def test_the_first_refusal_ends_the_call(embedder: TritonEmbedder, server: Behaviour) -> None:
    _ = embedder.facts
    server.abort = (grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size")
    with pytest.raises(OverloadedError):
        embedder.embed_many(photos(200), Priority.BULK)
    assert len(server.requests) < 25


@pytest.mark.parametrize("output", ["EMBEDDING", "CATEGORY"])
@pytest.mark.parametrize("fault", ["nan", "rows", "columns", "type", "absent"])
def test_an_answer_that_is_not_the_models_is_refused(
    embedder: TritonEmbedder, server: Behaviour, output: str, fault: str
) -> None:
    columns = {"EMBEDDING": 256, "CATEGORY": 2}[output]
    good = np.full((2, columns), columns**-0.5, np.float32)
    nan = good.copy()
    nan[1, 1] = np.nan
    server.outputs[output] = {
        "nan": nan,
        "rows": good[:1],
        "columns": good[:, 1:],
        "type": good.astype(np.float64),
        "absent": good,
    }[fault]
    server.without = output if fault == "absent" else None
    with pytest.raises(UnavailableError, match=f"the model's {output} must be finite float32"):
        embedder.embed_many(photos(2), Priority.INTERACTIVE)


def test_a_vector_of_no_length_is_the_models_fault(embedder: TritonEmbedder, server: Behaviour) -> None:
    server.outputs["EMBEDDING"] = np.zeros((1, 256), np.float32)
    with pytest.raises(UnavailableError, match="no usable vector"):
        embedder.embed_many(photos(1), Priority.INTERACTIVE)


def test_nothing_is_sent_where_one_photo_is_wrong(embedder: TritonEmbedder, server: Behaviour) -> None:
    with pytest.raises(InvalidRequestError, match="must be uint8"):
        embedder.embed_many([*photos(9), photos(1)[0][1:]], Priority.BULK)
    assert server.requests == []


def test_a_model_that_was_replaced_is_never_taken_for_the_one_before(
    embedder: TritonEmbedder, server: Behaviour
) -> None:
    (before,) = embedder.embed_many(photos(1), Priority.BULK)
    server.versions, server.parameters["version"] = ("2",), "toy-ba9876543210-p1"
    with pytest.raises(UnavailableError):
        embedder.embed_many(photos(1), Priority.BULK)
    (after,) = embedder.embed_many(photos(1), Priority.BULK)
    assert (before.embedding.model, after.embedding.model) == ("toy-0123456789ab-p1", "toy-ba9876543210-p1")


def test_nobody_there_is_told_soon_and_making_an_embedder_asks_nobody() -> None:
    with open_client("127.0.0.1:9") as client:
        embedder = TritonEmbedder(client, "toy")
        with pytest.raises(UnavailableError):
            _ = embedder.facts


def test_a_server_that_comes_later_is_found(server: Behaviour) -> None:
    with fake_triton(server) as address, open_client(address) as client:
        embedder = TritonEmbedder(client, "toy")
        _ = embedder.facts
        server.abort = (grpc.StatusCode.UNAVAILABLE, "Socket closed")
        with pytest.raises(UnavailableError):
            embedder.embed_many(photos(1), Priority.INTERACTIVE)
        server.abort = None
        assert len(embedder.embed_many(photos(1), Priority.INTERACTIVE)) == 1
