"""Everything at once: real Triton, real OpenSearch, the emulator, and the cloud that the program declares."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from inference.serving.assemble import assemble_cpu
from inference.serving.spec import ModelSpec
from infra.rehearsal.runner import Cloud, run_cloud
from lookalike.adapters.embedded.model_file import find_model
from tests.rehearsal.servers.opensearch import OpenSearchServer, opensearch_server
from tests.rehearsal.servers.triton import Triton, triton_server

ONE_MACHINE: Final[Mapping[str, Mapping[str, int]]] = {
    "prepare": {"memory_mb": 1769, "max_concurrency": 2},
    # Its time is also how long its claims outlive it, and the tests kill it often.
    "embed": {"batch_size": 64, "max_concurrency": 2, "timeout_s": 20},
}
"""How the rehearsal's stack differs from a shop's: no more runs at once than a small machine has room for."""


S = TypeVar("S")


class Standing(Generic[S]):
    """A server that can go away and come back where its clients look for it."""

    def __init__(self, start: Callable[[S | None], AbstractContextManager[S]]) -> None:
        """`start` gives a server: the first one, or one in the place of another that stopped."""
        self._start = start
        self._running = ExitStack()
        self.server = self._running.enter_context(start(None))

    def stop(self) -> None:
        """Let it go; stopping twice is fine."""
        self._running.close()

    def start_again(self) -> None:
        """Let it come back."""
        self.server = self._running.enter_context(self._start(self.server))


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What stands."""

    cloud: Cloud
    standing_triton: Standing[Triton]
    standing_opensearch: Standing[OpenSearchServer]

    @property
    def triton(self) -> Triton:
        return self.standing_triton.server

    @property
    def opensearch(self) -> OpenSearchServer:
        return self.standing_opensearch.server


@contextmanager
def rehearsal(folder: Path, *specs: ModelSpec, **how: Any) -> Iterator[Rehearsal]:
    """Start it all, the servers beside each other; `how` goes to `run_cloud`. `folder` holds what they write.

    Triton serves the model as `specs` say, as `assemble_cpu` does without any.
    Raises what the servers raise where one of them cannot be had: nothing is left out.
    """
    repository = assemble_cpu(find_model(), folder / "repository", *specs)

    def triton(old: Triton | None) -> AbstractContextManager[Triton]:
        return triton_server(repository, ports=old.ports if old else None)

    def opensearch(old: OpenSearchServer | None) -> AbstractContextManager[OpenSearchServer]:
        return opensearch_server(folder=folder / "opensearch", port=old.port if old else None)

    with ExitStack() as stack, ThreadPoolExecutor(2, "start") as pool:
        starting = [pool.submit(Standing[Any], start) for start in (triton, opensearch)]
        wait(starting)
        # What did start is stopped even where the other did not.
        for start in starting:
            if start.exception() is None:
                stack.callback(start.result().stop)
        standing_triton, standing_opensearch = (start.result() for start in starting)
        overrides = {**ONE_MACHINE, **how.pop("overrides", {})}
        addresses = {"triton": standing_triton.server.grpc, "opensearch": standing_opensearch.server.url}
        cloud = stack.enter_context(run_cloud(**addresses, overrides=overrides, **how))
        yield Rehearsal(cloud, standing_triton, standing_opensearch)
