import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from infra.judges.manifests import manifests
from infra.judges.terraform import terraform_plan
from infra.rehearsal.plan import Plan

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ROOT / ".cache" / "judges" / "bin" / "checkov"
_NOWHERE: Final = "http://127.0.0.1:9"
"""Port 9 discards: whatever Checkov might want to ask somebody, nobody hears it."""


class JudgeError(Exception):
    """A judge could not judge; the message has what it said."""


@dataclass(frozen=True, slots=True, order=True)
class Ruling:
    """A check on a resource: ``aws_s3_bucket.photos`` or ``Deployment.search.triton``."""

    check: str
    resource: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What Checkov found: each check on each resource has passed or failed."""

    passed: tuple[Ruling, ...]
    failed: tuple[Ruling, ...]
    resources: Mapping[str, int]
    """How many were read, by Checkov's own word for what they are: ``terraform_plan``, ``kubernetes``."""

    @property
    def checks(self) -> frozenset[str]:
        """The checks that found something to judge."""
        return frozenset(ruling.check for ruling in (*self.passed, *self.failed))


def judge(plan: Plan) -> Verdict:
    """Checkov's verdict on all resources of a plan, of AWS and of Kubernetes.

    Raises `JudgeError` where there are none, and where Checkov is not installed, fails, or cannot read them.
    """
    if not plan.resources:
        raise JudgeError("there is nothing to judge")
    if not PROGRAM.exists():
        raise JudgeError(f"{PROGRAM.relative_to(ROOT)} is missing: `make .cache/judges/.installed` puts it there")
    with TemporaryDirectory() as folder:
        (Path(folder) / "plan.json").write_text(json.dumps(terraform_plan(plan)))
        # YAML's documents, for JSON is YAML.
        objects = "\n---\n".join(json.dumps(manifest, indent=1) for manifest in manifests(plan))
        (Path(folder) / "objects.yaml").write_text(objects)
        return _verdict(_run(folder))


def _run(folder: str) -> list[Mapping[str, Any]]:
    command = [str(PROGRAM), "--directory", folder, "--framework", "terraform_plan", "kubernetes", "--output", "json"]
    offline = ["--compact", "--skip-download", "--soft-fail"]
    silenced = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE)
    told = {"PATH": os.environ["PATH"], "HOME": folder, "LOG_LEVEL": "ERROR", **silenced}
    # What is run is ours, whole.
    done = subprocess.run([*command, *offline], capture_output=True, text=True, check=False, env=told, cwd=folder)  # noqa: S603
    try:
        reports = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise JudgeError(f"Checkov ended with {done.returncode}: {done.stderr or done.stdout}") from error
    return reports if isinstance(reports, list) else [reports]


def _verdict(reports: Iterable[Mapping[str, Any]]) -> Verdict:
    found = [report for report in reports if "results" in report]
    unread = [error for report in found for error in report["results"].get("parsing_errors", [])]
    if unread or not found:
        raise JudgeError(f"Checkov could not read {', '.join(unread) or 'anything'}")
    return Verdict(
        passed=_rulings(found, "passed_checks"),
        failed=_rulings(found, "failed_checks"),
        resources={report["check_type"]: report["summary"]["resource_count"] for report in found},
    )


def _rulings(reports: Iterable[Mapping[str, Any]], which: str) -> tuple[Ruling, ...]:
    rulings = {
        Ruling(check["check_id"], check["resource"], check["check_name"])
        for report in reports
        for check in report["results"][which]
    }
    return tuple(sorted(rulings))
