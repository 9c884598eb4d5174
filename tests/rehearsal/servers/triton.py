"""A real Triton server on loopback, out of the wheel of PyPI's `nvidia-pytriton`.

Only what the wheel bundles is used: `tritonserver`, its Python backend, and the stub built for this Python's minor
version. pytriton itself is never imported (it wants numpy < 2), so the wheel is unpacked without its dependencies:

    uv pip install --no-deps --require-hashes --target .cache/triton -r requirements/triton.txt
"""

import json
import os
import platform
import random
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from tests.rehearsal.servers.leash import leashed

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps it; nothing is made here by name
WHEEL: Final = Path(__file__).parents[3] / ".cache" / "triton"
_ERROR: Final = re.compile(r"E\d{4} |error")
_PORTS: Final = range(20_000, 30_000)
"""Below those that systems give to outgoing connections: one of these could take the place of a server that is away."""
_START_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 20.0
_REGION_BYTES: Final = 16 << 20  # a batch of photos is 2.4 MB at most: one region holds what is under way
ALLOCATOR: Final = {
    # glibc otherwise returns and refaults each photo's memory: 6.8 ms of processor time a photo in place of 6.5.
    "MALLOC_MMAP_THRESHOLD_": str(256 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    # Fewer faults for what it does take: 5.0 ms a photo of an import in place of 5.2, near to what chance does.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""Settings of glibc's memory for a server, and for what is measured beside it."""


class TritonMissingError(RuntimeError):
    """There is no Triton to start here; the message says why and what to do."""


class TritonFailedError(RuntimeError):
    """Triton did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one server."""

    grpc: int
    http: int
    metrics: int


@dataclass(frozen=True, slots=True)
class Triton:
    """A server that runs and is ready. `grpc` is host:port, `http` and `metrics` are URLs."""

    ports: Ports
    pid: int
    version: str
    log: Path

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.ports.grpc}"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports.http}"

    @property
    def metrics(self) -> str:
        return f"http://127.0.0.1:{self.ports.metrics}/metrics"


@contextmanager
def triton_server(repository: Path, *, ports: Ports | None = None, log: Path | None = None) -> Iterator[Triton]:
    """A server of `repository` (see `inference.serving.assemble`), ready, for the length of the block.

    Pass the `ports` of one that stopped to start it again where its clients look. The log is kept in `log`, else
    beside the repository. Raises `TritonMissingError` and `TritonFailedError`.
    """
    wheel = _wheel()
    ports = ports or _free_ports()
    log = log or repository.with_suffix(".log")
    with ExitStack() as stack:
        backends = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="triton-")))
        _link_python_backend(wheel, backends)
        output = stack.enter_context(log.open("ab"))
        command = [*_command(wheel, repository, ports), *_python_backend(backends)]
        regions = [str(SHARED_MEMORY / f"{backends.name}*")]
        leash = leashed(command, leftovers=regions, env=_environment(wheel), stdout=output, stderr=output)
        process = stack.enter_context(leash)
        stack.callback(_remove_shared_memory, backends)
        stack.callback(_stop, process)
        yield Triton(ports, process.pid, _wait_until_ready(process, ports, log), log)


def _wheel() -> Path:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise TritonMissingError(
            f"platform: nvidia-pytriton has no wheel for {sys.platform} on {platform.machine()};"
            " use Docker's nvcr.io/nvidia/tritonserver"
        )
    if not (WHEEL / "pytriton").is_dir():
        raise TritonMissingError("Triton is not installed: run `make triton`")
    library = Path(sysconfig.get_config_var("LIBDIR")) / str(sysconfig.get_config_var("INSTSONAME"))
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") and not library.exists():
        raise TritonMissingError("Triton's Python backend needs a Python built with --enable-shared")
    return WHEEL


def _free_ports() -> Ports:
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == len(fields(Ports)):
            return Ports(*found)
    raise TritonFailedError(f"no ports are free from {_PORTS.start} to {_PORTS.stop - 1}")


def _link_python_backend(wheel: Path, backends: Path) -> None:
    """Lay out the backend as Triton looks for it: the stub of this Python beside its library."""
    server, target = wheel / "pytriton" / "tritonserver", backends / "python"
    target.mkdir()
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = server / "python_backend_stubs" / minor / "triton_python_backend_stub"
    if not stub.exists():
        raise TritonMissingError(f"this nvidia-pytriton has no stub for Python {minor}")
    for source in (stub, *(server / "backends" / "python").iterdir()):
        (target / source.name).symlink_to(source)
    # Wheels keep the bit; some installers do not.
    for program in (stub, server / "bin" / "tritonserver"):
        program.chmod(program.stat().st_mode | 0o111)


def _python_backend(backends: Path) -> list[str]:
    """Where the backend is, and its shared memory: named after this server, so that what is left can be told."""
    settings = {"shm-default-byte-size": _REGION_BYTES, "shm-region-prefix-name": backends.name}
    return [
        f"--backend-directory={backends}",
        *(f"--backend-config=python,{name}={value}" for name, value in settings.items()),
    ]


def _command(wheel: Path, repository: Path, ports: Ports) -> list[str]:
    options = {
        "model-repository": repository,
        "model-control-mode": "none",
        "strict-readiness": "true",
        "exit-on-error": "true",
        "exit-timeout-secs": "10",
        "grpc-address": "127.0.0.1",
        "grpc-port": ports.grpc,
        "http-address": "127.0.0.1",
        "http-port": ports.http,
        "metrics-address": "127.0.0.1",
        "metrics-port": ports.metrics,
        "allow-gpu-metrics": "false",
    }
    server = wheel / "pytriton" / "tritonserver" / "bin" / "tritonserver"
    # What the spec says is all there is: Triton completes nothing by itself.
    return [str(server), "--disable-auto-complete-config", *(f"--{name}={value}" for name, value in options.items())]


def _environment(wheel: Path) -> dict[str, str]:
    """Triton's own libraries, this Python's, and this environment's packages for the model."""
    libraries = (wheel / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR"))
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        **ALLOCATOR,
        # The stub embeds Python, which finds its home and packages by the `python3` that comes first.
        "PATH": os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", ""))),
    }


def _wait_until_ready(process: subprocess.Popen[bytes], ports: Ports, log: Path) -> str:
    """Wait until every model is ready; the server's version."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TritonFailedError(f"Triton ended with {process.returncode}:\n{_end(log)}")
        if _get(ports, "/v2/health/ready") is not None:
            return str(json.loads(_get(ports, "/v2") or b"{}")["version"])
        time.sleep(0.05)
    raise TritonFailedError(f"Triton was not ready after {_START_SECONDS:.0f} s:\n{_end(log)}")


def _get(ports: Ports, path: str) -> bytes | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.http}{path}", timeout=5) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Where the server was killed outright its models' processes would stay for ever.
    with suppress(ProcessLookupError):  # nobody of the group is left, as it should be
        os.killpg(process.pid, signal.SIGKILL)


def _remove_shared_memory(backends: Path) -> None:
    for region in SHARED_MEMORY.glob(f"{backends.name}*"):
        region.unlink(missing_ok=True)


def _end(log: Path) -> str:
    """What Triton calls errors (its lines begin with E and the date), or else the end of its log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([line for line in lines if _ERROR.match(line)] or lines[-30:])
