"""Every Kubernetes object of both profiles, by the schemas of the version that the cluster runs."""

from collections.abc import Mapping
from typing import Any

import kubernetes_validate
import pytest

from infra.judges.manifests import manifests
from infra.rehearsal.plan import Plan


def version(plan: Plan) -> str:
    """The cluster's."""
    (cluster,) = {str(cluster.inputs["version"]) for cluster in plan.of("aws:eks/cluster:Cluster")}
    return cluster


def is_known(manifest: Mapping[str, Any]) -> bool:
    """Whether Kubernetes itself has a schema for it, and not whoever brought its kind."""
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def test_every_object_is_what_its_cluster_takes(production: Plan) -> None:
    known = [manifest for manifest in manifests(production) if is_known(manifest)]
    assert {"Deployment", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service"} <= {m["kind"] for m in known}
    for manifest in known:
        assert kubernetes_validate.validate(manifest, version(production), strict=True) == version(production)


def test_without_a_cluster_there_are_no_objects(profile: Plan) -> None:
    assert bool(manifests(profile)) is bool(profile.of("aws:eks/cluster:Cluster"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"spec": {"replicas": "two"}},
        {"spec": {"replikas": 2}},
        {"specs": {}},
    ],
)
def test_a_wrong_object_is_refused(production: Plan, wrong: dict[str, Any]) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
        },
    }
    kubernetes_validate.validate(deployment, version(production), strict=True)
    merged = {**deployment, **{key: {**deployment.get(key, {}), **value} for key, value in wrong.items()}}  # type: ignore[dict-item]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(merged, version(production), strict=True)
