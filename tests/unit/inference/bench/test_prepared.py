import contextlib
import threading
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from inference.bench.prepared import PreparedRequest
from inference.serving.spec import Level
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.errors import LookalikeError, OverloadedError, UnavailableError
from lookalike.ports.embedder import Priority
from tests.unit.adapters.triton.fake_server import SIDE, Behaviour, fake_triton

PHOTO = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
FULL = (grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size")
AWAY = (grpc.StatusCode.UNAVAILABLE, "connection refused")


@pytest.fixture
def server() -> Behaviour:
    return Behaviour()


@pytest.fixture
def address(server: Behaviour) -> Iterator[str]:
    with fake_triton(server) as at:
        yield at


@pytest.mark.parametrize(
    ("level", "priority"), [(Level.INTERACTIVE, Priority.INTERACTIVE), (Level.BULK, Priority.BULK)]
)
def test_it_asks_what_our_own_client_asks(server: Behaviour, address: str, level: Level, priority: Priority) -> None:
    with open_client(address) as client:
        TritonEmbedder(client, "toy").embed_many([PHOTO], priority)
    PreparedRequest(address, "toy", [PHOTO], level)()
    ours, prepared = server.requests
    assert prepared.raw_input_contents == ours.raw_input_contents
    assert (prepared.model_name, prepared.inputs, prepared.outputs) == (ours.model_name, ours.inputs, ours.outputs)
    assert prepared.parameters["priority"] == ours.parameters["priority"]


def test_photos_that_the_server_has_do_not_travel(server: Behaviour, address: str) -> None:
    with contextlib.suppress(LookalikeError):  # this server has none
        PreparedRequest(address, "toy", [PHOTO], region="photos")()
    (request,) = server.requests
    (photos,) = request.inputs
    assert photos.parameters["shared_memory_region"].string_param == "photos"
    assert photos.parameters["shared_memory_byte_size"].int64_param == PHOTO.nbytes
    assert list(request.raw_input_contents) == []


@pytest.mark.parametrize(("abort", "error"), [(FULL, OverloadedError), (AWAY, UnavailableError)], ids=["full", "away"])
def test_errors_are_those_that_our_adapter_makes(
    server: Behaviour, address: str, abort: tuple[grpc.StatusCode, str], error: type[LookalikeError]
) -> None:
    server.abort = abort
    search = PreparedRequest(address, "toy", [PHOTO])
    with pytest.raises(error):
        search()
    assert ended(search) is error


def test_what_was_begun_is_told_of_when_it_ends(address: str) -> None:
    assert ended(PreparedRequest(address, "toy", [PHOTO])) is None


def ended(search: PreparedRequest) -> type[LookalikeError] | None:
    told: list[type[LookalikeError] | None] = []
    came = threading.Event()

    def tell(error: type[LookalikeError] | None) -> None:
        told.append(error)
        came.set()

    search.begin(tell)
    assert came.wait(10)
    (error,) = told
    return error
