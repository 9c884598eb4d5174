"""Production with TensorRT's engines switched on, as a whole."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import kubernetes_validate
import pytest

from inference.compile.tensorrt import Batches, Recipe
from inference.serving.parse import parse_pbtxt
from infra.components.model_store import shipped_model
from infra.config import EnginesConfig, read_config
from infra.engine_source import engine_source
from infra.inference import _engines
from infra.inventory import parts_of
from infra.judges.manifests import manifests
from infra.policy.rule import Rule, violations
from infra.policy.rules import RULES
from infra.policy.subject import Estate, Subject
from infra.rehearsal.plan import Plan
from infra.rehearsal.sketch import sketch
from tests.infra.conftest import PROFILES, stack_file
from tests.infra.estates import estate_of
from tests.infra.mutations import protections

JOB: Final = "kubernetes:batch/v1:Job"
OBJECT: Final = "aws:s3/bucketObjectv2:BucketObjectv2"
POD: Final = "spec.template.spec"
HARMLESS: Final = {
    **dict.fromkeys(
        (f"{POD}.securityContext.{what}" for what in ("fsGroup", "runAsGroup", "runAsUser")),
        "the image's own user then, which must not be root",
    ),
    f"{POD}.securityContext.runAsNonRoot": "each container says so itself",
    "spec.ttlSecondsAfterFinished": "a job that has ended stays then",
}
"""Inputs of a job that sound like a protection, of which none is lost when they are left out, and why."""


def switched_on() -> dict[str, Any]:
    return {**stack_file("production"), "lookalike:triton": {"engines": {"enabled": True}}}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return sketch(switched_on(), stack="production")


def engines_of(plan: Plan) -> Plan:
    """What of a plan is there for engines."""
    return Plan(resources=dict(_engines_of(plan)), home=plan.home)


def _engines_of(plan: Plan) -> Iterator[tuple[str, Any]]:
    for urn, resource in plan.resources.items():
        if "EngineBuild" in urn or str(resource.inputs.get("key")).startswith(("engines/", "graphs/")):
            yield urn, resource


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_built_unless_it_is_asked_for(profile: str, request: pytest.FixtureRequest) -> None:
    plain: Plan = request.getfixturevalue(profile)
    assert engines_of(plain).resources == {}


def test_one_line_switches_it_on(production: Plan, plan: Plan) -> None:
    assert {part.kind for part in parts_of(plan)} - {part.kind for part in parts_of(production)} == {"EngineBuild"}
    assert [job.name for job in plan.of(JOB)] == ["engines-l4"]


def test_the_graph_that_is_uploaded_is_the_shipped_model_s(plan: Plan) -> None:
    (graph,) = [each.inputs for each in plan.of(OBJECT) if each.inputs["key"].startswith("graphs/")]
    assert graph["key"] == f"graphs/{graph['sourceHash'][:12]}.onnx"


def test_the_graph_is_written_once_and_whole(tmp_path: Any) -> None:
    model = shipped_model(gpu=True)
    source = engine_source(model, tmp_path / "engines")
    written = source.graph.stat().st_mtime_ns
    again = engine_source(model, tmp_path / "engines")
    assert (again, again.graph.stat().st_mtime_ns) == (source, written)
    assert [path.name for path in (tmp_path / "engines").iterdir()] == [f"{source.digest[:12]}.onnx"]
    assert source.served == parse_pbtxt(model.files["embedder/config.pbtxt"].read_text(encoding="utf-8"))


def test_the_defaults_are_the_recipe_s() -> None:
    said, recipe = EnginesConfig(), Recipe.__dataclass_fields__
    assert (said.best_batch, said.workspace_mib) == (Batches().best, recipe["workspace_mib"].default)


def test_a_model_that_is_gone_back_to_is_served_from_its_graph() -> None:
    place: Any = SimpleNamespace(config=read_config(switched_on()))
    older: Any = SimpleNamespace(revision="0123456789ab")
    cluster: Any = None
    assert _engines(place, cluster, older) is None


def test_no_rule_of_the_policy_pack_is_broken(plan: Plan) -> None:
    assert list(violations(RULES, estate_of(plan))) == []


def test_no_protection_of_a_job_can_be_left_out_or_switched(plan: Plan) -> None:
    (job,) = [subject for subject in estate_of(plan) if subject.type == JOB]
    found = [(path, any(map(_breaks_a_rule, changed))) for path, changed in protections(job)]
    assert len(found) > 15
    assert {path for path, broken in found if not broken} == set(HARMLESS)


def _breaks_a_rule(subject: Subject) -> bool:
    return any(violations([rule for rule in RULES if isinstance(rule, Rule)], Estate([subject])))


def test_kubernetes_takes_every_object(plan: Plan) -> None:
    found = manifests(engines_of(plan))
    assert sorted(each["kind"] for each in found) == ["Job", "Namespace", "NetworkPolicy", "ServiceAccount"]
    for manifest in found:
        kubernetes_validate.validate(manifest, "1.36", strict=True)
