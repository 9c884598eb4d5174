import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from infra.judges.checkov import ROOT, JudgeError
from infra.policy.documents import POLICY_INPUTS
from infra.rehearsal.plan import Plan

_PYTHON: Final = ROOT / ".cache" / "judges" / "bin" / "python"
_GRAVE: Final = frozenset({"MEDIUM", "HIGH", "CRITICAL"})
_WRONG_ANYWAY: Final = frozenset({"UNKNOWN_ACTION", "UNKNOWN_PREFIX", "UNKNOWN_CONDITION_FOR_ACTION"})
"""What parliament thinks little of, and means that the policy does not do what it says."""


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """What parliament has to say of one policy: `issue` in its own words (``UNKNOWN_ACTION``), and what about it."""

    policy: str
    issue: str
    severity: str
    detail: str

    @property
    def is_grave(self) -> bool:
        """Whether it is above LOW, or says that something does not exist."""
        return self.severity in _GRAVE or self.issue in _WRONG_ANYWAY


def policies(plan: Plan) -> dict[str, Mapping[str, Any]]:
    """Every policy document of a plan, by ``<type's last word>.<name>.<input>``."""
    return {
        f"{resource.type.rsplit(':', 1)[1]}.{resource.name}.{name}": _whole(name, json.loads(resource.inputs[name]))
        for resource in plan.resources.values()
        for name in POLICY_INPUTS
        if isinstance(resource.inputs.get(name), str) and resource.inputs[name].startswith("{")
    }


def _whole(name: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    # A role's trust names no resource, which IAM refuses there and parliament wants everywhere.
    if name != "assumeRolePolicy":
        return document
    return {**document, "Statement": [{**statement, "Resource": "*"} for statement in document["Statement"]]}


def lint(documents: Mapping[str, Mapping[str, Any]]) -> tuple[Remark, ...]:
    """What parliament finds in these policies, sorted. Raises `JudgeError` where it is not installed or fails."""
    if not _PYTHON.exists():
        raise JudgeError(f"{_PYTHON.relative_to(ROOT)} is missing: `make .cache/judges/.installed` puts it there")
    with TemporaryDirectory() as folder:
        names = {str(Path(folder) / f"{number}.json"): name for number, name in enumerate(documents)}
        for path, name in names.items():
            Path(path).write_text(json.dumps(documents[name]))
        return tuple(sorted(_remarks(_run(folder), names)))


def _run(folder: str) -> str:
    # Its own use of setuptools' old interface would be told of on every run.
    command = [str(_PYTHON), "-W", "ignore", "-m", "parliament.cli", "--directory", folder, "--json"]
    told = {"PATH": os.environ["PATH"], "HOME": folder}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=told, stdin=subprocess.DEVNULL)  # noqa: S603 - ours, whole
    if done.stderr or done.returncode not in (0, 1):
        raise JudgeError(f"parliament ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _remarks(said: str, names: Mapping[str, str]) -> Iterator[Remark]:
    for line in said.splitlines():
        found = json.loads(line)
        where = found["location"].get("filepath")
        detail = f"{found['detail'] or found['title']} {_place(found['location'])}".strip()
        yield Remark(names[where], found["issue"], found["severity"], detail)


def _place(location: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={location[key]}" for key in ("actions", "action", "resource", "string") if key in location)
