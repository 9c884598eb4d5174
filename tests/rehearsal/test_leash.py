"""Nothing that a rehearsal started outlives the process that started it, however that ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from inference.serving.assemble import assemble_cpu
from lookalike.adapters.embedded.model_file import find_model
from tests.rehearsal.servers.triton import SHARED_MEMORY, TritonMissingError, triton_server
from tests.rehearsal.wired import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no process groups")

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
OWNER = f"""
import signal, subprocess, sys
from tests.rehearsal.servers.leash import leashed
command = [sys.executable, "-c", {FAMILY!r}]
with leashed(command, leftovers=[sys.argv[1]], stdout=subprocess.PIPE) as server:
    print(server.pid, server.stdout.readline().decode(), flush=True)
    signal.pause()
"""
SERVING = """
import signal, sys
from pathlib import Path
from tests.rehearsal.servers.triton import triton_server
with triton_server(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    signal.pause()
"""
ROOT = Path(__file__).parents[2]


@contextmanager
def owning(program: str, argument: str) -> Iterator[tuple["subprocess.Popen[str]", list[psutil.Process]]]:
    """A process that runs `program`, and the family of those whose ids it tells."""
    command = [sys.executable, "-c", program, argument]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        yield process, [*told, *(child for each in told for child in each.children(recursive=True))]


def alive(family: list[psutil.Process]) -> list[psutil.Process]:
    """Who of them does not end."""
    return list(psutil.wait_procs(family, timeout=60)[1])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_and_its_children_end_with_their_owner(tmp_path: Path, how: signal.Signals) -> None:
    left = tmp_path / "region-1"
    left.touch()
    with owning(OWNER, str(tmp_path / "region-*")) as (process, family):
        process.send_signal(how)
    assert alive(family) == []
    until(lambda: not left.exists())


def test_triton_ends_with_its_owner_and_leaves_no_memory_behind(tmp_path: Path) -> None:
    repository = assemble_cpu(find_model(), tmp_path / "repository")
    try:
        with triton_server(repository):
            pass
    except TritonMissingError as missing:
        pytest.skip(str(missing))
    with owning(SERVING, str(repository)) as (process, (server, *stubs)):
        regions = [SHARED_MEMORY / stub.cmdline()[2] for stub in server.children()]
        assert all(region.exists() for region in regions)
        process.kill()
    assert alive([server, *stubs]) == []
    until(lambda: not any(region.exists() for region in regions))
