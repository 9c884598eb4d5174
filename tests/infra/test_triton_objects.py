"""Every object that is put into the cluster is one that its version of Kubernetes takes, field by field."""

import copy
from typing import Any, Final

import jsonschema
import kubernetes_validate
import pytest

from infra.components.triton.scaling import Scaling
from infra.rehearsal.plan import Plan, Resource
from tests.infra.cluster_programs import of_service
from tests.infra.custom_resources import SCHEMAS

_CHART: Final = "kubernetes:helm.sh/v3:Release"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return of_service(pod_monitor=True)


@pytest.fixture(scope="module", params=["gpu", "processors", "asleep"])
def objects(request: pytest.FixtureRequest, plan: Plan) -> tuple[str, list[Resource]]:
    plans = {
        "gpu": lambda: plan,
        "processors": lambda: of_service(gpu=False),
        "asleep": lambda: of_service(scaling=Scaling(least=0, most=4, rate=400)),
    }
    found: Plan = plans[request.param]()
    (cluster,) = found.of("aws:eks/cluster:Cluster")
    named = [r for r in found.resources.values() if r.type.startswith("kubernetes:") and r.type != _CHART]
    return cluster.inputs["version"], named


def check(thing: Any, version: str) -> None:
    """Raises where Kubernetes, or who brought the kind, would refuse it or drop a part of it."""
    if thing["kind"] in SCHEMAS:
        jsonschema.validate(thing, SCHEMAS[thing["kind"]])
    else:
        kubernetes_validate.validate(thing, version, strict=True)


def test_all_are_taken(objects: tuple[str, list[Resource]]) -> None:
    version, found = objects
    assert len(found) >= 7
    for each in found:
        check(dict(each.inputs), version)


def test_all_are_in_a_room_that_is_made_before(plan: Plan) -> None:
    rooms = {room.inputs["metadata"]["name"] for room in plan.of("kubernetes:core/v1:Namespace")}
    for each in plan.resources.values():
        if each.type.startswith("kubernetes:") and not each.type.endswith(":Namespace"):
            space = each.inputs.get("namespace") or each.inputs["metadata"]["namespace"]
            before = plan.before(each.declared, "kubernetes:core/v1:Namespace")
            assert space in {room.inputs["metadata"]["name"] for room in before} <= rooms, each.name


@pytest.mark.parametrize(
    ("kind", "path", "wrong"),
    [
        ("apps/v1:Deployment", "spec.template.spec.containers.0.readinesProbe", {}),
        ("apps/v1:Deployment", "spec.replicas", "two"),
        ("networking.k8s.io/v1:NetworkPolicy", "spec.ingres", []),
        ("keda.sh/v1alpha1:ScaledObject", "spec.coolDownPeriod", 120),
        ("keda.sh/v1alpha1:ScaledObject", "spec.triggers.0.metadata.targetValue", 32),
        ("monitoring.coreos.com/v1:PodMonitor", "spec.podMetricsEndpoints.0.interval", "soon"),
    ],
)
def test_what_would_be_refused_or_dropped_is_found(plan: Plan, kind: str, path: str, wrong: Any) -> None:
    thing = copy.deepcopy(dict(plan.of(f"kubernetes:{kind}")[0].inputs))
    *way, last = path.split(".")
    part: Any = thing
    for step in way:
        part = part[int(step)] if step.isdigit() else part[step]
    part[last] = wrong
    with pytest.raises(jsonschema.ValidationError):
        check(thing, "1.36")
