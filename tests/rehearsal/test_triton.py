"""What only a real Triton shows: its refusals, its restarts, that it serves only the weights it was set up for."""

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from inference.serving.assemble import assemble_cpu
from inference.serving.repositories import cpu_spec
from inference.serving.spec import Level, ModelSpec, QueuePolicy
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.model_file import find_model
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.errors import LookalikeError, OverloadedError, UnavailableError
from lookalike.ports.embedder import Pixels, Prediction, Priority
from tests.rehearsal.servers.triton import SHARED_MEMORY, Triton, TritonFailedError, TritonMissingError, triton_server

SLOW_BATCH = 4


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    """As few instances as there can be, slow ones, with the shortest queue for shoppers: easily full."""
    usual = cpu_spec(OnnxEmbedder(find_model(), threads=1).facts, cores=1)
    queues = {Level.INTERACTIVE: QueuePolicy(1, 1_000_000)}
    return replace(
        usual,
        max_batch_size=SLOW_BATCH,
        warm_up=(1, SLOW_BATCH),
        batching=replace(usual.batching, level_queues=queues),
    )


@pytest.fixture(scope="module")
def repository(spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble_cpu(find_model(), tmp_path_factory.mktemp("triton") / "repository", spec)


@pytest.fixture(scope="module")
def server(repository: Path) -> Iterator[Triton]:
    try:
        with triton_server(repository) as running:
            yield running
    except TritonMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def embedder(server: Triton) -> Iterator[TritonEmbedder]:
    with open_client(server.grpc) as client:
        yield TritonEmbedder(client)


def photos(count: int) -> list[Pixels]:
    return list(np.random.default_rng(count).integers(0, 256, (count, 224, 224, 3), dtype=np.uint8))


def embedded_in_the_end(embedder: TritonEmbedder) -> list[Prediction]:
    """As a worker would: try again until the channel has found the server."""
    for _ in range(9):
        try:
            return embedder.embed_many(photos(1), Priority.INTERACTIVE)
        except UnavailableError as error:
            time.sleep(error.retry_after)
    return embedder.embed_many(photos(1), Priority.INTERACTIVE)


def outcome(future: Future[list[Prediction]]) -> type[LookalikeError] | None:
    error = future.exception()
    assert error is None or isinstance(error, LookalikeError), error
    return type(error) if error else None


def test_it_sees_what_the_same_model_in_process_sees(embedder: TritonEmbedder) -> None:
    inside = OnnxEmbedder(find_model(), threads=1)
    assert embedder.facts == inside.facts
    for one, other in zip(
        embedder.embed_many(photos(9), Priority.BULK), inside.embed_many(photos(9), Priority.BULK), strict=True
    ):
        # Another runtime rounds other numbers to other integers (docs/benchmarks.md: 0.9998 on average on photos).
        assert one.embedding.cosine(other.embedding) == pytest.approx(1, abs=0.002)
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.06)


def test_a_full_queue_refuses_and_serves_the_others(embedder: TritonEmbedder) -> None:
    _ = embedder.facts
    with ThreadPoolExecutor(24) as threads:
        asked = [threads.submit(embedder.embed_many, photos(SLOW_BATCH), Priority.INTERACTIVE) for _ in range(24)]
    assert {outcome(each) for each in asked} == {None, OverloadedError}


def test_what_waits_too_long_in_the_queue_is_refused(server: Triton) -> None:
    """As more keep coming: Triton looks through its queue on each arrival, and else but every half second or so."""
    with open_client(server.grpc) as client, ThreadPoolExecutor(24) as threads:
        hasty = TritonEmbedder(client, timeouts={Priority.INTERACTIVE: 1.0, Priority.BULK: 0.02})
        _ = hasty.facts
        asked = [threads.submit(hasty.embed_many, photos(SLOW_BATCH), Priority.BULK) for _ in range(120)]
    assert OverloadedError in {outcome(each) for each in asked}


def test_a_shopper_overtakes_an_import(embedder: TritonEmbedder) -> None:
    _ = embedder.facts
    finished: list[Priority] = []

    def ask(count: int, priority: Priority) -> None:
        embedder.embed_many(photos(count), priority)
        finished.append(priority)

    with ThreadPoolExecutor(9) as threads:
        for _ in range(8):
            threads.submit(ask, 4 * SLOW_BATCH, Priority.BULK)
        threads.submit(ask, 1, Priority.INTERACTIVE).result()
    assert finished.index(Priority.INTERACTIVE) < 4
    assert len(finished) == 9


@pytest.mark.usefixtures("server")
def test_imports_run_aside_and_give_way_to_all_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"  # where OpenVINO would keep whom it reports, but not in CI
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("CI", raising=False)
    with triton_server(assemble_cpu(find_model(), tmp_path / "repository")) as running, open_client(running.grpc) as at:
        embedder = TritonEmbedder(at)
        (search,) = embedder.embed_many(photos(1), Priority.INTERACTIVE)
        (indexed, *_) = embedder.embed_many([*photos(1), *photos(17)], Priority.BULK)
        assert search.embedding.cosine(indexed.embedding) == pytest.approx(1, abs=1e-5)
        metrics = httpx.get(running.metrics).text
        policies = {served(stub): scheduling(stub) for stub in psutil.Process(running.pid).children()}
    assert f'nv_inference_request_success{{_model_version="{embedder.facts.version}",model="embedder-bulk"' in metrics
    assert os.SCHED_IDLE not in policies["embedder"]
    assert os.SCHED_IDLE in policies["embedder-bulk"]
    assert list(home.iterdir()) == []


def served(stub: psutil.Process) -> str:
    """The model of an instance's process, from the path of its code."""
    return next((Path(word).parents[1].name for word in stub.cmdline() if word.endswith("model.py")), "")


def scheduling(stub: psutil.Process) -> set[int]:
    """How the system schedules its threads."""
    return {os.sched_getscheduler(thread.id) for thread in stub.threads()}


def test_its_metrics_name_the_model_version(server: Triton, embedder: TritonEmbedder) -> None:
    embedder.embed_many(photos(1), Priority.BULK)
    metrics = httpx.get(server.metrics).text
    assert f'nv_inference_request_success{{_model_version="{embedder.facts.version}"' in metrics


@pytest.mark.usefixtures("server")
def test_the_same_client_finds_a_server_that_was_restarted(repository: Path) -> None:
    with triton_server(repository) as first, open_client(first.grpc) as client:
        embedder = TritonEmbedder(client)
        (before,) = embedder.embed_many(photos(1), Priority.INTERACTIVE)
        ports = first.ports
        psutil.Process(first.pid).kill()
        psutil.Process(first.pid).wait()
        with pytest.raises(UnavailableError):
            embedder.embed_many(photos(1), Priority.INTERACTIVE)
        with triton_server(repository, ports=ports):
            (after,) = embedded_in_the_end(embedder)
    assert before.embedding.cosine(after.embedding) == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("server")
def test_weights_are_not_served_under_another_versions_name(repository: Path, tmp_path: Path) -> None:
    mixed = shutil.copytree(repository, tmp_path / "repository")
    model = mixed / "embedder" / "1" / "model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(TritonFailedError, match="the weights' digest is"), triton_server(mixed):
        pass


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("killed", [False, True])
def test_nothing_of_a_server_stays(repository: Path, killed: bool) -> None:
    with triton_server(repository) as running:
        process = psutil.Process(running.pid)
        family = [process, *process.children(recursive=True)]
        regions = [SHARED_MEMORY / stub.cmdline()[2] for stub in process.children()]
        assert regions
        assert all(region.exists() for region in regions)
        if killed:
            process.kill()
    assert not any(region.exists() for region in regions)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
