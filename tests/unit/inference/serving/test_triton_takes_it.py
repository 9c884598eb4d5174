"""What the spec writes and no repository of ours uses yet: a real Triton heeds it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.serving.assemble import assemble_cpu
from inference.serving.repositories import cpu_spec
from inference.serving.spec import Device, InstanceGroup, RateLimit, Resource
from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.ports.embedder import Priority
from lookalike.testing.onnx_model import write_model
from tests.rehearsal.servers import triton
from tests.rehearsal.servers.triton import WHEEL, Triton, TritonMissingError, triton_server

LIMIT = RateLimit((Resource("lane", 2), Resource("memory", 3, shared=True)), 2)
FLAGS = (
    "--rate-limit=execution_count",
    f"--cache-directory={WHEEL / 'pytriton' / 'tritonserver' / 'caches'}",
    "--cache-config=local,size=1048576",
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Triton]:
    usual = triton._command
    monkeypatch.setattr(triton, "_command", lambda *given: [*usual(*given), *FLAGS])
    model = write_model(tmp_path / "model.onnx")
    groups = (InstanceGroup(Device.CPU, 2, LIMIT),)
    spec = replace(cpu_spec(OnnxEmbedder(model, threads=1).facts), instances=groups, response_cache=True)
    try:
        with triton_server(assemble_cpu(model, tmp_path / "repository", spec)) as running:
            yield running
    except TritonMissingError as missing:
        pytest.skip(str(missing))


def test_a_rate_limit_is_read_and_the_same_photo_is_answered_from_the_cache(server: Triton) -> None:
    (group,) = httpx.get(f"{server.http}/v2/models/embedder/config").json()["instance_group"]
    resources = [{"name": "lane", "global": False, "count": 2}, {"name": "memory", "global": True, "count": 3}]
    assert group["rate_limiter"] == {"resources": resources, "priority": 2}
    photo = np.full((32, 32, 3), 7, np.uint8)
    with open_client(server.grpc) as client:
        embedder = TritonEmbedder(client)
        first, again = (embedder.embed_many([photo], Priority.INTERACTIVE) for _ in range(2))
    assert first[0].probabilities == again[0].probabilities
    hits = [line for line in httpx.get(server.metrics).text.splitlines() if line.startswith("nv_cache_num_hits_per")]
    assert [float(line.split()[-1]) for line in hits] == [1]
