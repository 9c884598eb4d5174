"""One fixture a port, each giving every adapter of it in turn; a new adapter is one more line in its table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lookalike.adapters.aws.ledger import DynamoLedger
from lookalike.adapters.embedded.clock import SystemClock
from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.embedding_cache import LruEmbeddingCache
from lookalike.adapters.embedded.event_log import SqliteEventLog
from lookalike.adapters.embedded.item_store import SqliteItemStore
from lookalike.adapters.embedded.ledger import SqliteLedger
from lookalike.adapters.embedded.model_file import find_model
from lookalike.adapters.embedded.photo_store import FolderPhotoStore, MemoryPhotoStore
from lookalike.adapters.embedded.upload_form import UploadForms
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.adapters.embedded.work_queue import InProcessWorkQueue
from lookalike.adapters.near_and_far import NearAndFar
from lookalike.ports.clock import Clock
from lookalike.ports.embedder import Embedder
from lookalike.ports.embedding_cache import EmbeddingCache
from lookalike.ports.event_log import EventLog
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.photo_store import PhotoStore
from lookalike.ports.vector_index import VectorIndex
from lookalike.ports.work_queue import Pointer, WorkQueue
from lookalike.testing import (
    FakeEmbedder,
    FixedClock,
    InMemoryEmbeddingCache,
    InMemoryEventLog,
    InMemoryItemStore,
    InMemoryLedger,
    InMemoryPhotoStore,
    InMemoryVectorIndex,
    InMemoryWorkQueue,
)
from lookalike.testing.onnx_model import write_model
from tests.contract.aws_adapters import EmulatedAws, emulated_aws
from tests.contract.opensearch_adapters import opensearch_vector_index, running_opensearch
from tests.contract.redis_adapters import redis_embedding_cache, running_redis
from tests.contract.triton_adapters import triton_embedder
from tests.rehearsal.servers.redis import RedisServer

STORES = ("fake", "memory", "folder")
CLOUD = (*STORES, "aws")
FORMS = UploadForms(b"0123456789abcdef0123456789abcdef")


@pytest.fixture(scope="session")
def aws() -> Iterator[EmulatedAws]:
    """Adapters of AWS on an emulator that speaks HTTP."""
    with emulated_aws() as emulated:
        yield emulated


def aws_of(request: pytest.FixtureRequest) -> EmulatedAws:
    """The emulator, started only for those who ask."""
    emulated: EmulatedAws = request.getfixturevalue("aws")
    return emulated


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Closes, after the test, whatever was opened in it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def database(opened: ExitStack, tmp_path: Path) -> Callable[[str], Database]:
    """Opens the database of one kind of embedded catalogue."""

    def open_database(kind: str) -> Database:
        made = Database(None if kind == "memory" else tmp_path / "catalogue.sqlite3")
        opened.callback(made.close)
        return made

    return open_database


@pytest.fixture(params=CLOUD)
def ledger(request: pytest.FixtureRequest, database: Callable[[str], Database]) -> Ledger:
    if request.param == "aws":
        return aws_of(request).ledger()
    return InMemoryLedger() if request.param == "fake" else SqliteLedger(database(request.param))


@pytest.fixture
def very_many(ledger: Ledger) -> int:
    """More than one statement or request takes; AWS takes 100 at the most, and its emulator minutes over 5,000."""
    return 300 if isinstance(ledger, DynamoLedger) else 5000


@pytest.fixture(params=CLOUD)
def item_store(request: pytest.FixtureRequest, database: Callable[[str], Database]) -> ItemStore:
    if request.param == "aws":
        return aws_of(request).item_store()
    return InMemoryItemStore() if request.param == "fake" else SqliteItemStore(database(request.param))


@pytest.fixture(params=CLOUD)
def event_log(request: pytest.FixtureRequest, database: Callable[[str], Database]) -> EventLog:
    if request.param == "aws":
        return aws_of(request).event_log()
    return InMemoryEventLog() if request.param == "fake" else SqliteEventLog(database(request.param))


@pytest.fixture(params=CLOUD)
def photo_store(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoStore:
    if request.param == "aws":
        return aws_of(request).photo_store()
    if request.param == "folder":
        return FolderPhotoStore(tmp_path / "photos", FORMS)
    return InMemoryPhotoStore() if request.param == "fake" else MemoryPhotoStore(FORMS)


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """The address of a real OpenSearch."""
    with running_opensearch() as url:
        yield url


@pytest.fixture(params=(*STORES, "opensearch"))
def vector_index(
    request: pytest.FixtureRequest, database: Callable[[str], Database], opened: ExitStack, tmp_path: Path
) -> VectorIndex:
    if request.param == "fake":
        return InMemoryVectorIndex()
    if request.param == "opensearch":
        return opened.enter_context(opensearch_vector_index(request.getfixturevalue("opensearch")))
    folder = tmp_path / "index" if request.param == "folder" else None
    return opened.enter_context(closing(EmbeddedVectorIndex(database(request.param), folder, FixedClock())))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=("fake", "lru", "redis", "both"))
def embedding_cache(request: pytest.FixtureRequest, opened: ExitStack) -> EmbeddingCache:
    if request.param == "redis":
        return opened.enter_context(redis_embedding_cache(request.getfixturevalue("redis")))
    if request.param == "both":
        return NearAndFar(LruEmbeddingCache(), InMemoryEmbeddingCache())
    return InMemoryEmbeddingCache() if request.param == "fake" else LruEmbeddingCache()


@pytest.fixture(params=("fake", "in process", "aws"))
def work_queue(request: pytest.FixtureRequest) -> tuple[WorkQueue, Callable[[], list[Pointer]]]:
    """A queue, and what takes everything out that waits in it."""
    if request.param == "aws":
        return aws_of(request).work_queue()
    if request.param == "fake":
        fake = InMemoryWorkQueue()
        return fake, fake.drain
    queue = InProcessWorkQueue()
    return queue, lambda: queue.take(1000, 0)


@pytest.fixture(params=("fake", "system"))
def clock(request: pytest.FixtureRequest) -> Clock:
    return FixedClock() if request.param == "fake" else SystemClock()


@pytest.fixture(scope="session")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    """The shipped model on a real Triton server, started only for those who ask."""
    with triton_embedder(tmp_path_factory.mktemp("triton")) as embedder:
        yield embedder


@pytest.fixture(params=("fake", "onnx", "shipped", "triton"), scope="session")
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    if request.param == "triton":
        served: Embedder = request.getfixturevalue("triton")
        return served
    if request.param == "fake":
        return FakeEmbedder(input_size=32)
    if request.param == "shipped":
        return OnnxEmbedder(find_model(), threads=1)
    return OnnxEmbedder(write_model(tmp_path_factory.mktemp("model") / "model.onnx"), threads=1, max_batch=4)
