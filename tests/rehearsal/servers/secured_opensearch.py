"""A real OpenSearch that lets nobody in whom it was not told of: with its security plugin, as the service has it.

Users come with a password, for there is no IAM here; what they may do hangs on their backend roles, as it does there.
"""

import base64
import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from filelock import FileLock

from tests.rehearsal.servers import opensearch as plain

ADMIN: Final = "admin"
PASSWORD: Final = "pw"  # noqa: S105 - of servers that live for a test, on loopback
_HASH: Final = "$2y$04$Mk26ezSbhrBFr/CnQxRzmexgFkTw6AH4jCAOnH2LioiCv3g.18Bda"
_SECURITY: Final = ("org.opensearch.plugin", "opensearch-security", f"{plain.VERSION}.0")
_PLUGIN: Final = "org.opensearch.security.OpenSearchSecurityPlugin"
_SETTINGS: Final = """\
plugins.security.ssl.transport.pemcert_filepath: node.pem
plugins.security.ssl.transport.pemkey_filepath: node.key
plugins.security.ssl.transport.pemtrustedcas_filepath: node.pem
plugins.security.ssl.http.enabled: false
plugins.security.allow_default_init_securityindex: true
plugins.security.nodes_dn: ["CN=node"]
plugins.security.restapi.roles_enabled: [all_access]
rest.action.multi.allow_explicit_index: false
"""
_HEALTH: Final = "/_cluster/health?wait_for_status=yellow&timeout=2s"


@contextmanager
def secured_opensearch(*users: str, cache: Path = plain.CACHE) -> Iterator[str]:
    """The address of a server that knows `ADMIN`, who may everything, and `users`, who may nothing.

    Each is called as its backend role is and has `PASSWORD`. Raises what `opensearch_server` does.
    """
    jars = os.pathsep.join([plain._class_path(cache), *map(str, _security_jars(cache))])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opensearch-")))
        port = plain._free_port()
        arguments = plain._arguments(folder, port)
        arguments[arguments.index("-pluginTypes") + 1] += f",{_PLUGIN}"
        _configure(folder / "config", _plugin_folder(cache), users)
        output = stack.enter_context(plain._log(folder).open("ab"))
        command = [str(plain._java()), *plain._JVM, "-cp", jars, plain._MAIN, *arguments]
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        stack.callback(plain._stop, process)
        _wait_until_ready(process, port, plain._log(folder))
        yield f"http://127.0.0.1:{port}"


def _security_jars(cache: Path) -> list[Path]:
    with FileLock(cache / "lock"):
        return plain._unpacked(_archive(cache))


def _plugin_folder(cache: Path) -> Path:
    with FileLock(cache / "lock"):
        return _archive(cache).with_suffix("")


def _archive(cache: Path) -> Path:
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - imports requests; only for those who ask

    group, name, version = _SECURITY
    complete = cache / f"complete-security-{version}"
    context = MavenContext(resolver=PythonResolver(), repo_cache=cache / "maven", timeout=60, offline=complete.exists())
    try:
        archive = context.project(group, name).at_version(version).artifact(packaging="zip").resolve()
    except Exception as error:  # as in `plain`
        raise plain.OpenSearchMissingError(f"OpenSearch's security plugin could not be downloaded: {error}") from error
    complete.touch()
    return Path(archive)


def _configure(config: Path, plugin: Path, users: tuple[str, ...]) -> None:
    with (config / "opensearch.yml").open("a", encoding="utf-8") as settings:
        settings.write(_SETTINGS)
    target = config / "opensearch-security"
    target.mkdir()
    for described in (plugin / "config").glob("*.yml"):
        (target / described.name).write_bytes(described.read_bytes())
    known = "".join(f'{user}:\n  hash: "{_HASH}"\n  backend_roles: ["{user}"]\n' for user in (ADMIN, *users))
    (target / "internal_users.yml").write_text(f"_meta: {{type: internalusers, config_version: 2}}\n{known}")
    _write_certificate(config)


def _write_certificate(config: Path) -> None:
    """What the node shows itself; the plugin does not start without."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "node")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain_key = serialization.Encoding.PEM, serialization.NoEncryption()
    (config / "node.pem").write_bytes(certificate.public_bytes(pem))
    (config / "node.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain_key))


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 2 * plain._START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(port):
            return
        time.sleep(0.2)
    raise plain.OpenSearchFailedError(f"OpenSearch was not ready:\n{plain._end(log)}")


def _answers(port: int) -> bool:
    token = base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", _HEALTH, headers={"Authorization": f"Basic {token}"})
        return asked.getresponse().status == http.HTTPStatus.OK
    except (http.client.HTTPException, OSError):
        return False
    finally:
        asked.close()
