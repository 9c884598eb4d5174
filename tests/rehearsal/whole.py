"""Everything at once: real Triton, real OpenSearch, the emulator, and the cloud that the program declares."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inference.serving.assemble import assemble_cpu
from infra.rehearsal.runner import Cloud, run_cloud
from lookalike.adapters.embedded.model_file import find_model
from tests.rehearsal.servers.opensearch import OpenSearchServer, opensearch_server
from tests.rehearsal.servers.triton import Triton, triton_server

ONE_MACHINE: Final = {
    "prepare": {"memory_mb": 1769, "max_concurrency": 2},
    "embed": {"batch_size": 64, "max_concurrency": 2},
}
"""How the rehearsal's stack differs from a shop's: no more runs at once than a small machine has room for."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What stands."""

    cloud: Cloud
    triton: Triton
    opensearch: OpenSearchServer


@contextmanager
def rehearsal(folder: Path, **how: Any) -> Iterator[Rehearsal]:
    """Start it all, the servers beside each other; `how` goes to `run_cloud`. `folder` holds what they write.

    Raises what the servers raise where one of them cannot be had: nothing is left out.
    """
    with ExitStack() as stack:
        triton, opensearch = _beside_each_other(
            stack,
            triton_server(assemble_cpu(find_model(), folder / "repository")),
            opensearch_server(folder=folder / "opensearch"),
        )
        overrides = {**ONE_MACHINE, **how.pop("overrides", {})}
        cloud = run_cloud(triton=triton.grpc, opensearch=opensearch.url, overrides=overrides, **how)
        yield Rehearsal(stack.enter_context(cloud), triton, opensearch)


def _beside_each_other(stack: ExitStack, *starting: AbstractContextManager[Any]) -> list[Any]:
    with ThreadPoolExecutor(len(starting), "start") as pool:
        started = [pool.submit(context.__enter__) for context in starting]
    # All have ended: what did start is stopped even where another did not.
    for context, start in zip(starting, started, strict=True):
        if start.exception() is None:
            stack.push(context)
    return [start.result() for start in started]
